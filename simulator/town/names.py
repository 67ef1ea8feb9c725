"""Names as common as they are in a Guangzhou street: few surnames, given names of their generation, some shared."""

from random import Random

from simulator.town.seeding import pick, words

_LOCAL = (
    "陈:98 李:88 黄:82 张:62 梁:60 林:52 刘:48 吴:44 王:40 罗:38 杨:34 何:34 郭:26 谢:26 周:36 曾:22 邓:24 冯:20 "
    "叶:20 彭:16 钟:18 蔡:16 许:16 苏:14 潘:14 朱:14 徐:12 卢:12 赖:8 麦:8 区:5 邝:5 招:3 温:7 古:6 黎:12 胡:14 "
    "欧阳:3 谭:12 廖:12 莫:6 郑:16 余:10 关:6 霍:4 简:4 邵:3 汤:5 高:10 杜:5 樊:3 禤:2 伍:5 植:1 司徒:1"
)
_MIGRANT = (
    "王:80 李:84 张:78 刘:64 陈:58 杨:42 黄:44 赵:24 周:34 吴:34 徐:20 孙:16 胡:24 朱:18 高:14 林:20 何:24 郭:20 "
    "马:14 罗:22 梁:22 宋:12 郑:14 谢:16 韩:10 唐:16 冯:10 于:6 董:8 萧:6 程:10 曹:10 袁:10 邓:16 许:12 傅:5 沈:6 "
    "曾:14 彭:14 吕:7 苏:10 卢:8 蒋:10 蔡:10 贾:5 丁:7 魏:8 薛:4 叶:10 阎:2 余:9 潘:10 杜:7 戴:5 夏:6 钟:8 汪:6 "
    "田:7 任:5 姜:4 范:6 方:8 石:7 姚:6 谭:10 廖:9 邹:7 熊:7 金:4 陆:7 郝:3 孔:3 白:4 崔:3 康:3 毛:4 邱:5 秦:5 "
    "江:6 史:4 顾:2 侯:3 邵:3 孟:3 龙:6 万:5 段:4 雷:5 钱:2 汤:5 尹:4 黎:7 易:4 常:2 武:2 乔:2 贺:4 赖:5 龚:5 "
    "覃:4 韦:6 诸葛:1 上官:1 令狐:1"
)

_MALE = {
    1930: "德福金炳根财贵生荣坤水木锦祥全来满发寿庆昌兴树松柏华成添佳伯仲耀",
    1950: "国建志强明华军平文伟德荣忠庆东林民生祖光新辉和红胜利跃进卫兵永成树海清",
    1970: "伟强勇军杰涛斌辉刚健俊明波鹏志文锋海林平永建华亮国浩飞超威龙雄锐庆毅彬豪敏新",
    1990: "浩宇俊杰豪嘉伟鑫磊鹏凯宏志文轩晓锋健龙子梓泽家铭恒航博晨阳旭天翔炜霖乐颖永",
    2010: "梓轩浩宇子涵俊熙泽辰皓睿沐宸奕铭博文昊天佑诺煜祺一诚嘉乐承翰瑞霖景行星锦之恩",
}
_FEMALE = {
    1930: "秀英桂兰凤玉珍金莲香娣妹彩月娥群容惠淑芳琼银好笑巧翠琴菊顺娇瑞连",
    1950: "丽秀英华玉兰凤珍桂芳梅琴霞萍燕红娟琼惠淑明爱素春云月美群莲珠庆建文卫",
    1970: "丽娟芳敏静燕艳玲霞红梅琴萍婷华英小晓文海雪慧莉春秋冬云君洁群少碧凤玉雯青",
    1990: "婷欣雅静雪怡佳嘉慧颖晓敏文莹倩琳思诗梦玲丹娜丽燕芳洁晴美君妍璐蕾淇绮雯韵宜",
    2010: "梓涵欣怡诗雨桐可馨语嫣若熙子萱芷晴婉柔思琪沐妍诺一心悦艺佳雅彤钰果之清昕苒恩",
}
_DOTTED_FIRST = words("阿依古丽 买买提 古丽娜尔 艾力 吐尔逊 阿卜杜拉 热依汗 木拉提 扎西 卓玛")
_DOTTED_LAST = words("买买提 艾山 库尔班 阿不都 热合曼 依明 尼亚孜 司马义 平措 次仁")
_FOREIGN = {
    "USA": "JOHNSON SMITH GARCIA / MICHAEL SARAH DAVID",
    "KOR": "KIM PARK CHOI / JIHOON MINJI SEOYEON",
    "JPN": "TANAKA SATO SUZUKI / KENJI YUKI HARUKA",
    "NGA": "OKAFOR ADEYEMI BELLO / CHIDI AMINA EMEKA",
    "MLI": "DIALLO TRAORE KEITA / MAMADOU FATOU IBRAHIM",
    "IND": "SINGH KHAN PATEL / RAVI IMRAN PRIYA",
    "RUS": "IVANOVA SMIRNOV PETROVA / OLGA SERGEI ANNA",
    "VNM": "NGUYEN TRAN PHAM / ANH MINH LINH",
}


def _cumulative(text: str) -> tuple[list[str], list[int]]:
    names, sums, total = [], [], 0
    for entry in text.split():
        name, weight = entry.split(":")
        total += int(weight)
        names.append(name)
        sums.append(total)
    return names, sums


_SURNAMES = {True: _cumulative(_LOCAL), False: _cumulative(_MIGRANT)}
_GIVEN = {1: _MALE, 2: _FEMALE}
"""Characters of given names by sex and by the year from which they were in fashion."""
_DOUBLED = "婷欣丽娜芳静莹琳媛圆佳乐豆甜朵"


def surname(random: Random, local: bool) -> str:
    """Pick a surname as frequent as among local families, or among people from other provinces."""
    names, sums = _SURNAMES[local]
    return random.choices(names, cum_weights=sums)[0]


def given_name(random: Random, sex: int, birth_year: int) -> str:
    """Make a given name in the fashion of a birth year: one character in eight, else two."""
    eras = _GIVEN[sex]
    era = max((start for start in eras if start <= birth_year), default=1930)
    style = random.random()
    first = pick(random, eras[era])
    if style < 0.13:
        return first
    if style < 0.15 and sex == 2 and birth_year >= 1980:
        double = pick(random, _DOUBLED)
        return double + double
    second = pick(random, eras[era])
    return first + second


def dotted_name(random: Random) -> str:
    """Make a name written with a middle dot (U+00B7)."""
    return f"{pick(random, _DOTTED_FIRST)}·{pick(random, _DOTTED_LAST)}"


def foreign_name(random: Random, country: str) -> tuple[str, str]:
    """Make a foreign resident's (last name, first name) in capitals."""
    last, first = _FOREIGN[country].split(" / ")
    return pick(random, last.split()), pick(random, first.split())
