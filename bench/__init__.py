"""Measures the product against floors and peers in one run; `python -m bench`, results in docs/performance.md."""
