"""The tree over a closed poll's ballots (RFC 6962, 2.1): one root that any change moves, and proofs that a leaf is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """A leaf's hash; the 0x00 before it keeps a leaf from passing for a node."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """All levels of the tree, leaves first; kept, it gives any proof at once."""

    levels: tuple[tuple[bytes, ...], ...]

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.levels[0]) if self.levels else 0

    @property
    def root(self) -> bytes:
        """The hash over everything; that of nothing for a tree without leaves."""
        return self.levels[-1][0] if self.levels else EMPTY

    def path(self, index: int) -> list[bytes]:
        """The audit path of a leaf: its neighbours on the way up, lowest first."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        found = []
        for level in self.levels[:-1]:
            if index ^ 1 < len(level):  # the last node of an odd level has no neighbour and rises as it is
                found.append(level[index ^ 1])
            index >>= 1
        return found


def tree(leaves: Sequence[bytes]) -> Tree:
    """Builds the tree. Pairing level by level is the same as splitting at the largest power of two below n."""
    if not leaves:
        return Tree(())
    level = tuple(leaf_hash(leaf) for leaf in leaves)
    levels = [level]
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = (*pairs, *level[len(pairs) * 2:])
        levels.append(level)
    return Tree(tuple(levels))


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves."""
    return tree(leaves).root


def proves(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """True when the path leads from this leaf, at this place of a tree of this size, to the root."""
    if not 0 <= index < size:
        return False
    here, last, rest = leaf_hash(leaf), size - 1, list(path)
    while last:
        if index & 1 or index != last:
            if not rest:
                return False
            other = rest.pop(0)
            here = node_hash(other, here) if index & 1 else node_hash(here, other)
        index, last = index >> 1, last >> 1
    return not rest and here == root


def packed(made: Tree) -> bytes:
    """All levels in one piece, leaves first, to be kept beside the root."""
    return b"".join(b"".join(level) for level in made.levels)


def path_in(kept: bytes, size: int, index: int) -> list[bytes]:
    """The audit path of a leaf from the kept levels of a tree of this size."""
    if not 0 <= index < size:
        raise IndexError(index)
    found, start = [], 0
    while size > 1:
        if index ^ 1 < size:
            at = start + (index ^ 1) * 32
            found.append(kept[at: at + 32])
        start, index, size = start + size * 32, index >> 1, (size + 1) >> 1
    return found
