"""What kinds of party there are, and the words they are called by."""

from texts.normal import plain

KINDS = ("property", "committee", "neighbourhood", "street", "department", "volunteers")
_CALLED = {  # the longer words first
    "property": ("物业服务企业", "物业公司", "物业"), "committee": ("业主委员会", "业委会"),
    "neighbourhood": ("居民委员会", "社区居委会", "居委会", "居委", "社区"), "street": ("街道办事处", "街道办", "街道"),
    "volunteers": ("双报到", "党员志愿者", "党员", "志愿者", "志愿队"),
    "department": ("职能部门", "部门", "局", "城管", "派出所", "交警", "消防", "公司", "所", "站"),
}


def kind_of(words: str) -> str | None:
    """The kind of party these words speak of; None when they say none."""
    said = plain(words)
    return next((kind for kind, called in _CALLED.items() if any(c in said for c in called)), None)
