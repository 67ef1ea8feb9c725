"""The tripwire: one sign of a person refuses a sheet, and an honest sheet passes however officials decorate it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from expectations.errors import RecordRejected
from extractors._kit.tripwire import check_loose, check_rows

HEAD = ["统计月份", "街道代码", "服务类型", "服务量", "应服务量", "按期完成量", "参与人员数", "填报单位", "填报时间"]
DATA = ["202211", "440111017", "01", "386人次", "４００", "/", "5", "鹤龙街道社区卫生服务中心", "2022-12-04 09:00:00"]
TABLE: list[Sequence[Any]] = [HEAD, DATA, DATA, ["合计", None, None, "772"]]


def sign(*rows: Sequence[Any]) -> str | None:
    try:
        check_rows(list(rows))
    except RecordRejected as refused:
        assert refused.code == "EX-TRIPWIRE"
        return refused.detail
    return None


@pytest.mark.parametrize(
    "heading",
    [
        "姓名", "姓 名", "患者姓名", "身份证", "身份证号码", "证件号码", "诊断", "诊断结果", "等级", "危险性评估等级",
        "住址", "现住址", "家庭地址", "户籍地", "电话", "联系电话", "手机号", "联系方式", "监护人", "出生日期", "性别",
        "name", "personName", "id_card", "identity_num", "phone", "mobile_no", "diagnosis", "home_address",
        "risk_level",
    ],
)  # fmt: skip
def test_a_person_column_refuses_the_sheet(heading: str) -> None:
    assert sign([*HEAD, heading], [*DATA, "x"]) == "person column"


@pytest.mark.parametrize(
    "number",
    [
        "440197199003072316", "44019719900307231X", "44019719900307231x", "４４０１９７１９９００３０７２３１６",
        "440197 19900307 2316", "440197-19900307-2316", "440197199002301234", "440197900307231", "810000199003070015",
        "911124198108030024", "440197********2316", "4.40197199003072E+17", "440197199003072000",
        "证号440197199003072316。", "\u200b440197\u200b199003072316",
    ],
)  # fmt: skip
def test_an_id_number_anywhere_refuses_the_sheet(number: str) -> None:
    assert sign(*TABLE, [None, number]) == "ID number"


@pytest.mark.parametrize(
    "number",
    [
        "13825123456",
        "+86 138 2512 3456",
        "138-2512-3456",
        "008613825123456",
        "联系电话：13825123456（李）",
        "１３８２５１２３４５６",
    ],
)
def test_a_mobile_number_anywhere_refuses_the_sheet(number: str) -> None:
    assert sign(*TABLE, [number]) == "mobile number"


def test_a_sheet_of_headings_without_rows_is_a_person_sheet_too() -> None:
    assert sign(["姓名", "备注"]) == "person column"
    assert sign(["序号", "姓名：张三"]) == "person column"


@pytest.mark.parametrize(
    "rows",
    [
        TABLE,
        [["白云区鹤龙街道严重精神障碍患者社会化服务服务量汇总表（2022年11月）"], *TABLE],
        [*TABLE, ["注：1.服务量单位为人次。2.本表只报数量，不含姓名、身份证号、诊断等个人信息。"]],
        [*TABLE, ["填报人：李四", None, None, "联系电话：020-86123456"]],
        [*TABLE, ["填报人", "李四", "联系电话", "020-86123456"]],
        [*TABLE, ["填报人姓名：李四", "审核人：王五", "单位地址：白云区鹤龙街道1号"], ["（盖章）"]],
        [*TABLE, ["统一社会信用代码", "12440111455412345X"], ["91440111MA5ABC120H"]],
        [["stat_month", "area_code", "service_cnt", "report_org"], ["44866", "440111017", "0", "中心"]],
        [["网格", "440111017001001"], ["编号", "20221205093000"], ["0.13812345678901", "1,380", "12万"]],
        [["2022-12-04 09:30:00", "2022/12/4", "2022年12月4日", "12345", "020-12345"]],
    ],
)  # fmt: skip
def test_an_honest_sheet_passes(rows: list[Sequence[Any]]) -> None:
    assert sign(*rows) is None


def test_a_telephone_that_heads_a_column_is_a_persons() -> None:
    assert sign(["编号", "联系电话"], ["1", "020-86123456"]) == "person column"


def test_texts_outside_the_cells_are_looked_at() -> None:
    check_loose(["Microsoft Excel", "16.0300", "服务量汇总", "{00000000-0001-0000-0000-000000000000}"], heads=True)
    check_loose(["联系电话", "填报人姓名"], heads=False)
    for text in ("姓名", "人员名单", "440197199003072316", r"C:\Users\13825123456\Desktop"):
        with pytest.raises(RecordRejected, match="EX-TRIPWIRE"):
            check_loose([text], heads=False)


def test_a_refusal_does_not_say_what_it_saw() -> None:
    with pytest.raises(RecordRejected) as refused:
        check_rows([["姓名"], ["张三丰"], ["440197199003072316"]])
    assert "440197" not in str(refused.value)
    assert "张三丰" not in str(refused.value)
