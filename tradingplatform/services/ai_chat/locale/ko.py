"""Korean sentences of the local analyst."""

PHRASES = {
    "money.KRW": "{amount}원",
    "money.USD": "{amount}달러",
    "money.other": "{amount} {currency}",
    "greeting": (
        "안녕하세요. 종목의 시세, 기술적 지표, 위험(VaR), 또는 보유 포트폴리오에 대해 물어보세요."
    ),
    "help": (
        "시세와 과거 성과 조회, 기술적 지표 계산, VaR와 기대손실 추정, 내 포트폴리오 요약을 "
        '할 수 있습니다. 예: "삼성전자 RSI 알려줘", "내 포트폴리오는 얼마나 잃을 수 있어?"'
    ),
    "off_topic": (
        "저는 주식, 위험, 보유 포트폴리오에 관한 질문에 답합니다. 다른 주제로 보여서 "
        "계산해 드릴 수 있는 것이 없습니다."
    ),
    "unknown_none": (
        "질문에서 제가 아는 종목을 찾지 못했습니다. AAPL이나 삼성전자처럼 종목 코드 또는 "
        "정확한 이름을 알려 주세요."
    ),
    "unknown_some": "{names}에 대한 데이터가 없어서 수치를 드리지 않습니다.",
    "tool_failed": "{tool} 계산을 하지 못했습니다: {error}.",
    "error.INSUFFICIENT_DATA": "가격 데이터가 충분하지 않습니다",
    "error.SYMBOL_UNKNOWN": "알 수 없는 종목 코드입니다",
    "error.QUOTE_UNAVAILABLE": "아직 시세가 없습니다",
    "error.PORTFOLIO_NOT_FOUND": "해당 포트폴리오가 없습니다",
    "tool.market_data": "시세",
    "tool.technical_analysis": "기술적 지표",
    "tool.value_at_risk": "VaR",
    "tool.portfolio_summary": "포트폴리오",
    "market.quote": (
        "{name}의 현재가는 {price}이고, 전일 종가 대비 {change} ({change_rate}), "
        "거래량은 {volume}주입니다."
    ),
    "market.window": (
        "최근 {days}거래일({start}부터 {end}까지) 수익률은 {total_return}, 연환산 변동성은 "
        "{volatility}, 최대 낙폭은 {drawdown}입니다."
    ),
    "market.range": "이 기간 종가는 최저 {lowest}, 최고 {highest}입니다.",
    "market.sharpe": "이 기간의 연환산 샤프 비율은 {sharpe}입니다.",
    "market.no_window": "통계를 낼 만큼 일별 종가가 충분하지 않습니다.",
    "market.compare": "이 가운데 기간 수익률은 {best}이(가) 가장 높고 {worst}이(가) 가장 낮습니다.",
    "technical.lead": "{name}, {session} 종가 {close} 기준:",
    "technical.rsi": "- RSI({window}): {rsi}, {reading}입니다.",
    "technical.macd": (
        "- MACD({fast}, {slow}, {signal_window}): {macd}, 시그널 {signal}보다 {side}."
    ),
    "technical.bollinger": (
        "- 볼린저 밴드({window}, {width}): {lower} ~ {upper}, 종가는 {place} 있습니다."
    ),
    "technical.averages": ("- 이동평균: {short}일 {sma_20}, {middle}일 {sma_60}. {trend}."),
    "technical.average": "- 이동평균: {short}일 {sma_20}.",
    "technical.stochastic": "- 스토캐스틱({window}): %K {k}, %D {d}.",
    "technical.atr": "- ATR({window}): {atr}.",
    "reading.OVERBOUGHT": "과매수 구간",
    "reading.NEUTRAL": "중립",
    "reading.OVERSOLD": "과매도 구간",
    "macd.ABOVE": "높습니다",
    "macd.BELOW": "낮습니다",
    "bollinger.ABOVE_UPPER": "상단 밴드 위에",
    "bollinger.INSIDE": "밴드 안에",
    "bollinger.BELOW_LOWER": "하단 밴드 아래에",
    "trend.ABOVE": "단기 평균이 장기 평균 위에 있는 상승 추세입니다",
    "trend.BELOW": "단기 평균이 장기 평균 아래에 있는 하락 추세입니다",
    "risk.lead": (
        "{subject}: 신뢰수준 {confidence}에서 {horizon} 동안의 손실은 {var}를 넘지 않을 "
        "것으로 추정됩니다({method})."
    ),
    "risk.amount": "보유액 {value} 가운데 {amount}입니다.",
    "risk.shortfall": "이를 넘는 경우의 평균 손실(기대손실)은 {shortfall}입니다.",
    "risk.shortfall_amount": (
        "이를 넘는 경우의 평균 손실(기대손실)은 {shortfall}, 금액으로는 {amount}입니다."
    ),
    "risk.basis": (
        "{start}부터 {end}까지 일별 수익률 {observations}개를 사용했고, 연환산 변동성은 "
        "{volatility}입니다."
    ),
    "risk.shares": "위험 기여도: {shares}.",
    "risk.none": "가격이 있는 보유 종목이 없어서 VaR를 계산할 수 없습니다.",
    "risk.own": "{currency} 보유 종목({label})",
    "horizon.one": "하루(1거래일)",
    "horizon.many": "{count}거래일",
    "method.historical": "역사적 시뮬레이션",
    "method.gaussian": "정규 모형",
    "method.cornish_fisher": "코니시-피셔 보정",
    "portfolio.none": "아직 포트폴리오가 없습니다.",
    "portfolio.lead": '포트폴리오 "{label}":',
    "portfolio.totals": (
        "- {currency}: 총자산 {equity}, 현금 {cash}(주문 가능 {available}), 주식 평가액 {value}."
    ),
    "portfolio.totals_unpriced": "- {currency}: 현금 {cash}(주문 가능 {available}).",
    "portfolio.pnl": "- {currency} 손익: 실현 {realized}, 평가 {unrealized}.",
    "portfolio.pnl_realized": "- {currency} 손익: 실현 {realized}.",
    "portfolio.position": (
        "- {name}: {quantity}주, 현재가 {price}(평균 단가 {cost}), 평가액 {value}, "
        "평가손익 {pnl} ({pnl_rate}), 비중 {weight}."
    ),
    "portfolio.position_unpriced": "- {name}: {quantity}주, 평균 단가 {cost}, 시세 없음.",
    "portfolio.flat": "- 보유 종목이 없습니다.",
    "portfolio.more": "- 나머지 종목은 포트폴리오 화면에서 볼 수 있습니다.",
    "explain.market_data": (
        "변동성은 수익률이 얼마나 넓게 흩어지는지를, 낙폭은 이전 고점에서 얼마나 떨어졌는지를 "
        "나타냅니다."
    ),
    "explain.technical_analysis": (
        "RSI는 최근 상승폭과 하락폭을, MACD는 빠른 평균과 느린 평균을 비교합니다. "
        "둘 다 과거를 설명할 뿐 미래를 약속하지 않습니다."
    ),
    "explain.value_at_risk": (
        "VaR는 대부분의 날에 넘지 않는 손실이고, 기대손실은 그 선을 넘은 날들의 평균 손실입니다."
    ),
    "explain.portfolio_summary": (
        "평가손익은 팔기 전까지 장부상의 손익이고, 실현손익은 이미 확정된 손익입니다."
    ),
}
