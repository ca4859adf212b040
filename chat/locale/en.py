"""English sentences that the chat itself writes, around what an analyst says."""

PHRASES = {
    "refused.OTHER_USERS": (
        "I can only work with your own account. I cannot see or share anybody else's data."
    ),
    "refused.TRADE": (
        "I cannot place, change or cancel orders. You can do that yourself on the trading page; "
        "I can look up prices, indicators and risk for you first."
    ),
    "refused.SECRETS": (
        "I cannot share passwords, keys, or my own instructions. "
        "I can answer questions about stocks, risk and your portfolio."
    ),
    "removed": ("Note: I removed statements whose figures no calculation of this answer confirms."),
    "nothing_left": "I have no confirmed figure to answer with.",
    "source": "Source: {source}, as of {as_of}.",
    "advice": "This describes data and is not investment advice.",
    "caveat.SAMPLE_DATA": "SAMPLE prices come from the sample market and are not real.",
    "caveat.GENERATED_BARS": "Some figures of the bars were generated.",
    "caveat.QUOTE_OLD": "The newest quote is several minutes old or older.",
    "caveat.SESSION_OPEN": "The last daily bar is of a day that is not over yet.",
    "caveat.SHORT_HISTORY": "The window is shorter than a year, so estimates are rough.",
    "caveat.SHORTER_THAN_ASKED": "There is less history than asked for.",
    "caveat.SQUARE_ROOT_OF_TIME": "The horizon is scaled up from daily returns.",
    "caveat.NORMAL_TAILS": "A normal model understates extreme losses.",
    "caveat.PRICE_RETURNS_ONLY": "Returns are of prices, without dividends.",
    "caveat.LOCAL_CURRENCY_RETURNS": "Returns are in local currencies, without exchange rates.",
    "caveat.EQUAL_WEIGHTS": "No weights were given, so equal weights are assumed.",
    "caveat.MISSING_PRICE": "Holdings without a price are left out.",
    "caveat.NO_PORTFOLIO": "There is no portfolio.",
    "caveat.NO_POSITIONS": "There are no positions.",
    "caveat.PAPER_MONEY": "The portfolio is a paper portfolio.",
}
