"""Korean sentences that the chat itself writes, around what an analyst says."""

PHRASES = {
    "refused.OTHER_USERS": (
        "본인 계정의 정보만 다룰 수 있습니다. 다른 사람의 정보는 볼 수도 알려 드릴 수도 없습니다."
    ),
    "refused.TRADE": (
        "저는 주문을 내거나 정정·취소할 수 없습니다. 주문은 거래 화면에서 직접 하실 수 있고, "
        "그 전에 시세, 지표, 위험을 알려 드릴 수 있습니다."
    ),
    "refused.SECRETS": (
        "비밀번호, 키, 저에게 주어진 지시문은 알려 드릴 수 없습니다. "
        "주식, 위험, 포트폴리오에 관한 질문에는 답해 드립니다."
    ),
    "removed": "참고: 이번 계산으로 확인되지 않는 수치가 담긴 문장은 뺐습니다.",
    "nothing_left": "확인된 수치가 없어 답할 수 없습니다.",
    "source": "출처: {source}, 기준 시각 {as_of}.",
    "advice": "데이터를 설명한 것이며 투자 권유가 아닙니다.",
    "caveat.SAMPLE_DATA": "SAMPLE은 예시 시장의 가격으로, 실제 시세가 아닙니다.",
    "caveat.GENERATED_BARS": "봉 데이터의 일부 수치는 생성된 값입니다.",
    "caveat.QUOTE_OLD": "최신 시세가 몇 분 이상 지난 것입니다.",
    "caveat.SESSION_OPEN": "마지막 일봉은 아직 끝나지 않은 날의 값입니다.",
    "caveat.SHORT_HISTORY": "기간이 1년보다 짧아 추정이 거칩니다.",
    "caveat.SHORTER_THAN_ASKED": "요청한 기간보다 데이터가 짧습니다.",
    "caveat.SQUARE_ROOT_OF_TIME": "기간은 일별 수익률에서 환산했습니다.",
    "caveat.NORMAL_TAILS": "정규 모형은 극단적인 손실을 작게 봅니다.",
    "caveat.PRICE_RETURNS_ONLY": "배당을 뺀 가격 수익률입니다.",
    "caveat.LOCAL_CURRENCY_RETURNS": "현지 통화 수익률이며 환율은 반영하지 않았습니다.",
    "caveat.EQUAL_WEIGHTS": "비중을 주지 않아 같은 비중으로 가정했습니다.",
    "caveat.MISSING_PRICE": "시세가 없는 보유 종목은 제외했습니다.",
    "caveat.NO_PORTFOLIO": "포트폴리오가 없습니다.",
    "caveat.NO_POSITIONS": "보유 종목이 없습니다.",
    "caveat.PAPER_MONEY": "모의 투자 포트폴리오입니다.",
}
