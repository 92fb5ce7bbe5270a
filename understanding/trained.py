"""The trained model of this process: read before the workers fork; made first, once, where there is none of these sources."""

import fcntl
import logging
from functools import lru_cache
from pathlib import Path
from time import monotonic

from learning import category
from texts.categories import built_in
from understanding import corpus, model
from understanding.reader import Judge, Reader

FOLDER = Path(__file__).parents[1] / "var" / "understanding"  # a build product: made from the utterances, safe to delete
log = logging.getLogger(__name__)
_models: Path | None = None  # where this installation keeps what it learned from its own history


def use(models: Path) -> None:
    """Names the folder of models learned from local history; called before the first sentence."""
    global _models
    if models != _models:
        _models = models
        reader.cache_clear()


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The reader everybody shares."""
    return Reader(_model(), _history())


def _history() -> Judge | None:
    """The category model learned from the city's own history, if it speaks of our categories."""
    found = None if _models is None else category.newest(_models.parent, category.CITY)
    if found is None:
        return None
    learned, codes = category.load(found), {c.name: c.code for c in built_in().offered.values()}
    known = {label: codes.get(label, label) for label in learned.labels}
    if not set(known.values()) <= set(built_in().offered):
        log.warning("%s has labels that are no categories of ours; it is not asked", found.name)
        return None

    def judge(text: str) -> tuple[str, float]:
        label, sure = learned.predict(text)
        return known[label], sure

    return judge


def _model() -> model.Model:
    shipped = FOLDER / model.fingerprint()
    own = shipped.with_name(f"{shipped.name}-own")
    if (own / "intent.npz").exists():
        return model.Model.load(own)
    if not (shipped / "intent.npz").exists():
        _make(shipped)
    return model.Model.load(shipped)


def keep(learned: model.Model) -> None:
    """Keeps a model that was learned here, with corrections; it is used from the next start until the program changes."""
    folder = FOLDER / f"{model.fingerprint()}-own"
    learned.save(folder)
    reader.cache_clear()


def _make(folder: Path) -> None:
    """Trains while others that need the same wait."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "intent.npz").exists():
            return
        started = monotonic()
        log.warning("training the understanding from %s, once", corpus.FOLDER)
        model.train(corpus.training()).save(folder)
        log.warning("trained in %.0f s", monotonic() - started)
