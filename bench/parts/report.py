"""How a bench tells: a line a figure, and an exit code."""

from dataclasses import dataclass, field


@dataclass
class Report:
    """Collects figures; `short` lists those that miss their goal."""

    short: list[str] = field(default_factory=list)

    def figure(self, name: str, ratio: float, goal: float) -> None:
        """Print one figure: its ratio must reach the goal."""
        reached = ratio >= goal
        if not reached:
            self.short.append(name)
        print(f"{name} {ratio:.2f} {goal:.2f} {'ok' if reached else 'short'}", flush=True)

    def note(self, text: str) -> None:
        """Print what stands behind a figure."""
        print(f"  # {text}", flush=True)

    def exit_code(self) -> int:
        """Return 0, or 1 where a figure is short."""
        return 1 if self.short else 0
