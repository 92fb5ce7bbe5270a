"""Trees and receipts: the vectors of Certificate Transparency, every proof of small trees, and codes as people write them."""

import random
from hashlib import sha256

import pytest

from domain import merkle, receipts
from domain.errors import Refusal

INPUTS = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]
PATHS = {  # (leaf, size): the published audit paths
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]}


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_classic_inputs(size: int) -> None:
    """The roots published with Certificate Transparency."""
    assert merkle.root(INPUTS[:size]).hex() == ROOTS[size - 1]


def test_an_empty_tree_is_the_hash_of_nothing() -> None:
    """RFC 6962, 2.1."""
    assert merkle.root([]) == sha256(b"").digest()


@pytest.mark.parametrize(("place", "path"), PATHS.items(), ids=str)
def test_paths_of_the_classic_inputs(place: tuple[int, int], path: list[str]) -> None:
    """The audit paths published with Certificate Transparency."""
    index, size = place
    assert [h.hex() for h in merkle.tree(INPUTS[:size]).path(index)] == path


def _by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962's own recursive definition."""
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + _by_the_book(leaves[:half]) + _by_the_book(leaves[half:])).digest()


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 11, 16, 17, 33])
def test_every_proof_holds_and_none_holds_elsewhere(size: int) -> None:
    """A path proves its own leaf at its own place, in its own tree, and nothing when any hash is turned, missing or too many."""
    leaves = [b"%d" % i for i in range(size)]
    tree = merkle.tree(leaves)
    assert tree.root == _by_the_book(leaves)
    for index, leaf in enumerate(leaves):
        path = tree.path(index)
        assert merkle.proves(leaf, index, size, path, tree.root)
        assert not merkle.proves(b"x", index, size, path, tree.root)
        assert not merkle.proves(leaf, index, size, [*path, tree.root], tree.root)
        assert not merkle.proves(leaf, size, size, path, tree.root)
        assert not merkle.proves(leaf, index, size, path, bytes(32))
        for n in range(len(path)):
            assert not merkle.proves(leaf, index, size, path[:n] + path[n + 1:], tree.root)
            assert not merkle.proves(leaf, index, size, [*path[:n], bytes(32), *path[n + 1:]], tree.root)
        for other in range(size):
            assert other == index or not merkle.proves(leaf, other, size, path, tree.root)
    with pytest.raises(IndexError):
        tree.path(size)


def test_a_node_cannot_pass_for_a_leaf() -> None:
    """Without the prefixes two leaves and their parent would share a hash."""
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert merkle.root([left + right]) != merkle.root([b"a", b"b"])


@pytest.mark.parametrize(("bits", "text"), [(0, "0000-0000"), (1, "0000-0001"), ((1 << 40) - 1, "ZZZZ-ZZZZ"), (0b00111_10011_00011_10100 << 20, "7K3M-0000")])
def test_codes(bits: int, text: str) -> None:
    """Five bits a letter, the highest first."""
    assert receipts.code(bits) == text


def test_a_code_too_long_is_refused() -> None:
    """41 bits are a mistake of the caller."""
    with pytest.raises(ValueError):
        receipts.code(1 << 40)


@pytest.mark.parametrize("said", ["7K3M-Q9XD", "7k3mq9xd", " 7k3m q9xd ", "7K3M－Q9XD", "７Ｋ３Ｍ—ｑ９ｘｄ", "7K3M_Q9XD"])
def test_a_receipt_is_read_as_people_write_it(said: str) -> None:
    """Any case, width, dash or space."""
    assert receipts.read(said) == "7K3M-Q9XD"


def test_misread_letters_are_read_right() -> None:
    """O is 0, I and L are 1."""
    assert receipts.read("oO0i-IlL1") == "0001-1111"


@pytest.mark.parametrize("said", ["", "7K3M-Q9X", "7K3M-Q9XDD", "7K3M-Q9XU", "7K3M-Q9X票", "选项一"])
def test_what_is_no_receipt_is_refused(said: str) -> None:
    """Too short, too long, letters that are in no receipt."""
    with pytest.raises(Refusal):
        receipts.read(said)


def test_every_code_is_read_back() -> None:
    """Reading undoes writing."""
    chance = random.Random(5)
    for _ in range(200):
        code = receipts.code(chance.getrandbits(40))
        assert receipts.read(code.lower().replace("0", "O").replace("1", "l").replace("-", "")) == code


def test_hashes_are_what_the_manual_says() -> None:
    """So that a sceptic can compute them with any tool."""
    assert receipts.voter_hash("s1", "p7") == sha256(b"s1p7").hexdigest()
    assert receipts.commitment("7K3M-Q9XD", "0,2") == sha256(b'{"choice":"0,2","receipt":"7K3M-Q9XD"}').hexdigest()
    assert receipts.commitment("7K3M-Q9XD", "", "盐") == sha256('盐{"choice":"","receipt":"7K3M-Q9XD"}'.encode()).hexdigest()
    assert receipts.canonical({"b": "票", "a": [1, None]}) == '{"a":[1,null],"b":"票"}'.encode()
