"""About how long a training of linear clients takes, so that nobody starts one of weeks by a slip of the keyboard."""

# Of one core of an ordinary machine: floating-point operations a second, and what each step costs besides.
_RATE = 1e9
_STEP = 3e-5
LONG = 3600.0  # seconds beyond which a run is asked for twice


def seconds(n_clients: int, dim: int, feature_dim: int, rounds: int, local_steps: int) -> float:
    """Seconds of so many rounds, right to a factor of a few. Source: ledger."""
    return rounds * (operations(n_clients, dim, feature_dim, local_steps) / _RATE + (local_steps + 1) * _STEP)


def operations(n_clients: int, dim: int, feature_dim: int, local_steps: int) -> float:
    """Floating-point operations of a round: products with dense matrices of clients, and one with the mixing matrix."""
    gradient = n_clients * (2.0 * feature_dim * dim * dim + 6.0 * feature_dim**2 * dim)
    averaging = 2.0 * n_clients**2 * feature_dim * dim
    return local_steps * gradient + averaging


def in_words(duration: float) -> str:
    """Such as "about 3 hours"."""
    for size, unit in ((365 * 86400, "year"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if duration >= size:
            count = f"{duration / size:.0f}" if duration < 1e6 * size else f"{duration / size:.1g}"
            return f"about {count} {unit}{'' if count == '1' else 's'}"
    return "less than a second"


def refusal(n_clients: int, dim: int, feature_dim: int, rounds: int, local_steps: int) -> str:
    """Why so long a run is not begun unasked, with the rounds that fit; "" for a short one."""
    duration = seconds(n_clients, dim, feature_dim, rounds, local_steps)
    if duration <= LONG:
        return ""
    fitting = int(rounds * LONG / duration)
    fits = f" {fitting} rounds fit into an hour." if fitting else ""
    return f"This training takes {in_words(duration)} ({rounds} rounds).{fits} Lower rounds, or add --yes to begin."
