"""Jobs of the chat: answer a question, and pick up answers whose worker died."""

from uuid import UUID

from chat.answering import answers_resume, message_answer
from tradingplatform.jobs import job


@job(name="chat.message_answer", queue="ai", max_tries=1, time_limit_s=80)
def answer(*, account_db_key: int, aggregate_id: str, **_: object) -> None:
    """Answer the question ``aggregate_id``; doing it twice does it once."""
    message_answer(account_db_key=account_db_key, question_id=UUID(aggregate_id))


@job(name="chat.answers_resume", queue="ai", max_tries=1)
def resume(**_: object) -> None:
    """Start the jobs of answers that were begun or promised and then left alone."""
    answers_resume()
