"""``python -m dpiat_gui.engine [PARENT]``: the engine process; the window starts it."""

from dpiat_gui.engine.pipes import take_pipes


def main() -> None:
    """Take the pipes first, then import what may print."""
    requests, answers = take_pipes()

    import sys

    from dpiat_gui.engine.worker import serve

    parent = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else None
    serve(requests, answers, parent)


if __name__ == "__main__":
    main()
