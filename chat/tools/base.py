"""What a tool is: described arguments, a described result, and a function between them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

SYMBOLS_MAX = 10
LOOKBACK_DAYS_MAX = 2520

Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\-]{1,16}$", to_upper=True)]


class ToolArgumentError(ValueError):
    """The planner sent arguments that do not fit; the text goes back to it."""


@dataclass(frozen=True)
class ToolLimits:
    """How much one turn may ask for."""

    calls_max: int = 8
    rounds_max: int = 4
    seconds_max: float = 45.0


@dataclass(frozen=True)
class ToolContext:
    """Who asks, at which instant, and how much; never taken from the model's arguments."""

    account_db_key: int
    now: datetime
    limits: ToolLimits = ToolLimits()

    # What the policy table asks of a caller. The analyst acts as a user, an operator's too.
    is_authenticated: ClassVar[bool] = True
    is_operator: ClassVar[bool] = False
    is_verified: ClassVar[bool] = False


class Arguments(BaseModel):
    """Base of every tool's arguments: a name that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(BaseModel):
    """Base of every tool's result: where the numbers come from and how far to trust them."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Origin of the prices; SAMPLE is generated or replayed data.")
    as_of: datetime = Field(description="Instant of the newest number in the result.")
    caveats: list[str] = Field(description="What limits these numbers, as codes.")


ArgsT = TypeVar("ArgsT", bound=Arguments)


@dataclass(frozen=True)
class Tool(Generic[ArgsT]):
    """One function offered to the planner."""

    name: str
    description: str
    args: type[ArgsT]
    result: type[Result]
    run: Callable[[ArgsT, ToolContext], Result]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments."""
        return self.args.model_json_schema()

    def __call__(
        self, arguments: dict[str, Any], ctx: ToolContext
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Check the arguments, run, and return (full arguments, result) as JSON.

        Raises ToolArgumentError; QuantError and TradingPlatformError come through.
        """
        try:
            args = self.args.model_validate(arguments)
        except ValidationError as error:
            raise ToolArgumentError(_complaint(error)) from error
        result = self.run(args, ctx)
        return args.model_dump(mode="json"), result.model_dump(mode="json")


def _complaint(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'arguments'}: {problem['msg']}"
        for problem in problems[:5]
    )
