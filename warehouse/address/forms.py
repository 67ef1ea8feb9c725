"""What elements look like: their endings and the numbers before them, one expression per form.

Flow: this module holds data in the shape of expressions; `grammar.py` tries them.
"""

from __future__ import annotations

import re

CN = "一二三四五六七八九十百零"
_NUMBER = rf"(?:[A-Z]{{0,2}}\d+[A-Z]?|[{CN}]+|[甲乙丙丁戊]|[A-Z]\d*)"
_LIST = r"\d+(?:[-、/,]\d+)*"
_MORE = r"[\dA-Z号栋幢座楼层室房单弄米期区组队排]"
# 之二 and 附12号, but not the 之1 of 之13幢 nor the 之二 of 之二楼.
_SUB = rf"(?:之(?:[{CN}]+(?![栋幢座单楼层])|\d+(?![\dA-Z]*[栋幢座单楼层房室号]))|附(?:[{CN}]+|\d+)号)"


def _any(*words: str) -> str:
    return "|".join(words)


# --- names, by how they end
TOWN = re.compile(r"街道办事处|街道办|街道|[镇乡]|苏木")
COMMUNITY = re.compile(
    r"社区居委会|居民委员会|村民委员会|村委会|居委会|行政村|自然村|社区|村委"
    r"|(?<![新\d一二三四五六七八九十])村|(?<=^.[一二三四五六])村"
)
ROAD = re.compile(
    r"大道|大街|公路|国道|省道|县道|马路|胡同|横路|支路|支弄|环路|[路街巷弄]"
    r"|(?<=[东西南北中环江海湖河山一二三四五六七八九十\d])(?:线|道|环)"
)
COUNTY = re.compile(r"自治[县州旗区]|(?<![小社园新业发术济\dA-Z东西南北一二三四五六七八九十])区|(?<![东西])新区|县")
ZONE = re.compile(
    r"(?:经济技术|高新技术(?:产业)?|高新|经济|工业|旅游|保税|出口加工)?(?:开发区|高新区|经开区|保税区|度假区)"
)
HOME = re.compile(
    _any(
        "花园|花苑|家园|家苑|佳苑|小区|新村|公寓|嘉园|嘉苑|名苑|雅苑|名庭|华庭|豪庭|华府|名府|小镇|山庄|新城|名城|半岛",
        "宿舍|雅居|广苑|家属院|大院|人家|水岸|华城|组团|家里|东村|西村|南村|北村|[苑庭邸墅寓里坊]",
        r"(?<![业技意件商创学物网乐])园|[一二三四五六七八九十\d A-Z东西南北]区|[一二三四五六七八九十\d]期",
        "[一二三四五六七八九]村",
    )
)
HALL = re.compile(r"[A-Z一二三四五六七八九十]区|\d{1,2}区")
WORKS = re.compile(r"工业区|工业园区|工业园|工业城|园区|(?<=[业技意件商创学物])园|产业基地|开发区")
SHOP = re.compile(
    _any(
        "大厦|广场|中心|大楼|市场|商城|酒店|宾馆|医院|大学|学院|学校|中学|小学|幼儿园|公司|工业区|园区|(?<![花家])园|基地|银行|超市|商厦",
        "写字楼|商务楼|国际|会所|校区|集团|仓库|综合楼|办公楼|商铺|门诊|[店厂馆局站所厅部城厦库行]",
        r"(?<![\d一二三四五六七八九十F号])楼",
    )
)

# --- whole elements that are neither names nor numbers
ASSIST = re.compile(
    "(?:的)?(?:"
    + _any(
        "正对面|斜对面|对面|对过|旁边|附近|隔壁|后面|前面|门口|大门口|路口|交叉口|交汇处|交界处|交口|交叉路口|楼下|楼上|院内",
        r"[东西南北]{1,2}[侧边面段]|[左右]侧|往?向?[东西南北]\d+米|\d+米|旁",
        "(?:[与和及]|内|后)(?=[^一-龥]|[一-龥]{2,4}[路街道])",
    )
    + ")(?:处)?"
)
PERSON = re.compile(r"(?:某)+|电联系?|收$|丰巢|自提|转寄协议客户")
BLANK = re.compile(r"[\s,;:.、|/*-]+")
BRACKETS = re.compile(r"\([^()]*\)?")

# --- numbers
GROUP = re.compile(rf"第?(?:\d+|[{CN}]+)(?:村民小组|小组|组|生产队|队|社)(?!团|居|区)")
NAMED_GROUP = re.compile(rf"[一-龥]{{1,3}}?(?:\d+|[{CN}]+)?(?<![大中支警])(?:组|队)(?!团)")
DOOR = re.compile(
    rf"(?:自编|北甲|新|附|临)?(?:[A-Z]?{_LIST}(?:之(?:[{CN}]+|\d+))?|[{CN}]+)"
    rf"号(?![A-Z]?楼|门|库|线|厂|电梯|贵宾)(?:院)?{_SUB}?"
)
LANE_DOOR = re.compile(rf"(?:\d+|[{CN}]+)弄")
BARE_DOOR = re.compile(rf"{_LIST}(?!{_MORE[:-1]}年])")
_HOUSE = _any(r"号[A-Z]?楼", "(?:幢|栋)楼(?![上下])", "幢|栋|撞|排|[A-Z]座|座楼?|#楼?|号院|楼栋")
_ROOM = "室|房间|房|户|号房|号室|号铺|号商铺|号店面|号网点|铺|窒|号?档"
# (form, expression, weight)
NUMBERS = (
    ("house", re.compile(rf"(?:第)?{_NUMBER}(?:-\d+)?(?:{_HOUSE})|主楼|[A-Z]\d*[栋幢座楼]"), 3.0),
    ("house_no", re.compile(rf"{_NUMBER}号(?!楼|院|门|铺|店|网|线|库|[A-Z]楼){_SUB}?"), 1.0),
    ("cell", re.compile(rf"(?:{_NUMBER}|[东西南北中])(?:单元|单(?!位|身)|门洞|梯)"), 3.0),
    (
        "cell_no",
        re.compile(
            rf"{_NUMBER}号(?=-?[A-Z]?\d|-?[{CN}]楼)|(?:\d{{1,2}}|[{CN}]{{1,2}})号(?!楼|院|门|铺|店|网|商|房|室)"
        ),
        0.5,
    ),
    ("cell_street", re.compile(rf"(?:\d+|[{CN}]+)街"), 0.5),
    ("floor", re.compile(rf"(?:负|地下|B)?(?:\d+[A-Z]?|[{CN}]+)(?:楼|层|F(?![A-Z\d]))|地下室|首层"), 2.5),
    ("room", re.compile(rf"[A-Z]?-?{_NUMBER}(?:-\d+)*(?:、\d+)*(?:{_ROOM})"), 3.0),
    ("room_no", re.compile(r"[A-Z]?-?\d+[A-Z]?(?:[-、]\d+)*号(?!楼|院|门|库|线)"), 0.5),
    (
        "room_bare",
        re.compile(rf"(?:[A-Z]{{0,2}}-?\d{{2,5}}[A-Z]?|\d[A-Z]?)(?:(?<=\d{{3}})-\d{{1,2}}(?=$))?(?!{_MORE})"),
        1.0,
    ),
    (
        "house_bare",
        re.compile(
            rf"(?:[A-Z]?\d+[A-Z]?|[A-Z]\d*)(?=-)|(?:\d{{1,2}}|[A-Z]\d?)(?=$|\s|[{CN}]单元)|\d{{1,2}}[A-Z](?=\d{{3,4}}(?!\d))"
        ),
        0.5,
    ),
    ("cell_bare", re.compile(r"(?:\d{1,3}[A-Z]?|[A-Z])(?=-)|\d{1,2}$"), 0.5),
)
