"""Names as common as they are in a Guangzhou street: few surnames, given names of their generation, some shared."""

from random import Random

from simulator.town.seeding import pick

_LOCAL = "陈:98 李:88 黄:82 张:62 梁:60 林:52 刘:48 吴:44 王:40 罗:38 杨:34 何:34 郭:26 谢:26 周:36 曾:22 邓:24 冯:20 " \
    "叶:20 彭:16 钟:18 蔡:16 许:16 苏:14 潘:14 朱:14 徐:12 卢:12 赖:8 麦:8 区:5 邝:5 招:3 温:7 古:6 黎:12 胡:14 " \
    "欧阳:3 谭:12 廖:12 莫:6 郑:16 余:10 关:6 霍:4 简:4 邵:3 汤:5 高:10 杜:5 樊:3 禤:2 伍:5 植:1 司徒:1"
_MIGRANT = "王:80 李:84 张:78 刘:64 陈:58 杨:42 黄:44 赵:24 周:34 吴:34 徐:20 孙:16 胡:24 朱:18 高:14 林:20 何:24 郭:20 " \
    "马:14 罗:22 梁:22 宋:12 郑:14 谢:16 韩:10 唐:16 冯:10 于:6 董:8 萧:6 程:10 曹:10 袁:10 邓:16 许:12 傅:5 沈:6 " \
    "曾:14 彭:14 吕:7 苏:10 卢:8 蒋:10 蔡:10 贾:5 丁:7 魏:8 薛:4 叶:10 阎:2 余:9 潘:10 杜:7 戴:5 夏:6 钟:8 汪:6 " \
    "田:7 任:5 姜:4 范:6 方:8 石:7 姚:6 谭:10 廖:9 邹:7 熊:7 金:4 陆:7 郝:3 孔:3 白:4 崔:3 康:3 毛:4 邱:5 秦:5 " \
    "江:6 史:4 顾:2 侯:3 邵:3 孟:3 龙:6 万:5 段:4 雷:5 钱:2 汤:5 尹:4 黎:7 易:4 常:2 武:2 乔:2 贺:4 赖:5 龚:5 " \
    "覃:4 韦:6 诸葛:1 上官:1 令狐:1"

_MALE = {
    1930: "德 福 金 炳 根 财 贵 生 荣 坤 水 木 锦 祥 全 来 满 发 寿 庆 昌 兴 树 松 柏 华 成 添 佳 伯 仲 耀",
    1950: "国 建 志 强 明 华 军 平 文 伟 德 荣 忠 庆 东 林 民 生 祖 光 新 辉 和 红 胜 利 跃 进 卫 兵 永 成 树 海 清",
    1970: "伟 强 勇 军 杰 涛 斌 辉 刚 健 俊 明 波 鹏 志 文 锋 海 林 平 永 建 华 亮 国 浩 飞 超 威 龙 雄 锐 庆 毅 彬 豪 敏 新",
    1990: "浩 宇 俊 杰 豪 嘉 伟 鑫 磊 鹏 凯 宏 志 文 轩 晓 锋 健 龙 子 梓 泽 家 铭 恒 航 博 晨 阳 旭 天 翔 炜 霖 乐 颖 永",
    2010: "梓 轩 浩 宇 子 涵 俊 熙 泽 辰 皓 睿 沐 宸 奕 铭 博 文 昊 天 佑 诺 煜 祺 一 诚 嘉 乐 承 翰 瑞 霖 景 行 星 锦 之 恩",
}
_FEMALE = {
    1930: "秀 英 桂 兰 凤 玉 珍 金 莲 香 娣 妹 彩 月 娥 群 容 惠 淑 芳 琼 银 好 笑 巧 翠 琴 菊 顺 娇 瑞 连",
    1950: "丽 秀 英 华 玉 兰 凤 珍 桂 芳 梅 琴 霞 萍 燕 红 娟 琼 惠 淑 明 爱 素 春 云 月 美 群 莲 珠 庆 建 文 卫",
    1970: "丽 娟 芳 敏 静 燕 艳 玲 霞 红 梅 琴 萍 婷 华 英 小 晓 文 海 雪 慧 莉 春 秋 冬 云 君 洁 群 少 碧 凤 玉 雯 青",
    1990: "婷 欣 雅 静 雪 怡 佳 嘉 慧 颖 晓 敏 文 莹 倩 琳 思 诗 梦 玲 丹 娜 丽 燕 芳 洁 晴 美 君 妍 璐 蕾 淇 绮 雯 韵 宜",
    2010: "梓 涵 欣 怡 诗 雨 桐 可 馨 语 嫣 若 熙 子 萱 芷 晴 婉 柔 思 琪 沐 妍 诺 一 心 悦 艺 佳 雅 彤 钰 果 之 清 昕 苒 恩",
}
_DOTTED_FIRST = "阿依古丽 买买提 古丽娜尔 艾力 吐尔逊 阿卜杜拉 热依汗 木拉提 扎西 卓玛".split()
_DOTTED_LAST = "买买提 艾山 库尔班 阿不都 热合曼 依明 尼亚孜 司马义 平措 次仁".split()
_FOREIGN_LAST = "JOHNSON SMITH KIM PARK TANAKA SATO OKAFOR ADEYEMI DIALLO TRAORE IVANOVA NGUYEN SINGH KHAN GARCIA".split()
_FOREIGN_FIRST = "MICHAEL SARAH JIHOON MINJI KENJI YUKI CHIDI AMINA MAMADOU FATOU OLGA ANH RAVI IMRAN MARIA JOSE".split()


def _cumulative(text: str) -> tuple[list[str], list[int]]:
    names, sums, total = [], [], 0
    for entry in text.split():
        name, weight = entry.split(":")
        total += int(weight)
        names.append(name)
        sums.append(total)
    return names, sums


_SURNAMES = {True: _cumulative(_LOCAL), False: _cumulative(_MIGRANT)}
_GIVEN = {
    sex: {era: text.split() for era, text in eras.items()} for sex, eras in ((1, _MALE), (2, _FEMALE))
}
_DOUBLED = tuple("婷 欣 丽 娜 芳 静 莹 琳 媛 圆 佳 乐 豆 甜 朵".split())


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


def foreign_name(random: Random) -> tuple[str, str]:
    """Make a foreign resident's (last name, first name) in capitals."""
    return pick(random, _FOREIGN_LAST), pick(random, _FOREIGN_FIRST)
