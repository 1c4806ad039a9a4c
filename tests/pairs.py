"""Made-up pairs of items: what one word, a place, a headline or a way of spelling decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from printings import Item

EARLIER, LATER = "2026-03-02T07:00:00+00:00", "2026-03-02T08:10:00+00:00"


def item(title: str, text: str, *, later: bool = False, source: str | None = None) -> Item:
    """Return an item of the morning, or of another outlet seventy minutes later."""
    outlet = source or ("Ostrand Herald" if later else "Velden Post")
    return {
        "title": title,
        "text": text,
        "source": outlet,
        "published": LATER if later else EARLIER,
    }


OPPOSITES = {
    ("raises", "cuts"): (
        "Central bank of Velden {} main rate by half a point",
        (
            "The central bank of Velden {} its main rate by half a point from Monday, governor "
            "Lena Brandt told reporters after a meeting of the board."
        ),
    ),
    ("wins", "loses"): (
        "Ostrand {} cup final against Tarnby after extra time",
        (
            "Ostrand {} the cup final against Tarnby after extra time in front of forty thousand "
            "people in the new stadium on Saturday night."
        ),
    ),
    ("approves", "rejects"): (
        "Velden council {} plan for tram line to harbour",
        (
            "The council of Velden {} the plan for a tram line to the harbour, which residents "
            "have argued about for eight years."
        ),
    ),
    ("opens", "closes"): (
        "Carmaker Halden {} plant with 900 workers in Ostrand",
        (
            "The carmaker Halden {} its plant in Ostrand, where 900 people work, at the end of the "
            "month, the company said on Tuesday."
        ),
    ),
    ("buys", "sells"): (
        "Kestrel Shipping {} six ferries in northern waters",
        (
            "Kestrel Shipping {} six ferries that sail in northern waters, the owner of the "
            "company said in a letter to its staff on Wednesday."
        ),
    ),
    ("bans", "allows"): (
        "Tarnby {} fishing in inner bay from April",
        (
            "The town of Tarnby {} fishing in the inner bay from April, following the advice of "
            "its marine biologists, the mayor said."
        ),
    ),
    ("joins", "leaves"): (
        "Mayor Ida Falk {} centre party weeks before vote",
        (
            "Mayor Ida Falk of Valmer {} the centre party only weeks before the vote in May, her "
            "office said in a short statement."
        ),
    ),
}
"""Two words that say the opposite: title and text that hold one of them."""

NAMED = {
    "title case": (
        "{} Plans New Hospital For Children Beside Old Harbour",
        (
            "The City Council Of {} Approved A Plan On Monday To Build A New Hospital For Children "
            "Beside The Old Harbour."
        ),
        "Velden",
        "Tarnby",
    ),
    "capitals": (
        "{} PLANS NEW HOSPITAL FOR CHILDREN BESIDE OLD HARBOUR",
        (
            "THE CITY COUNCIL OF {} APPROVED A PLAN ON MONDAY TO BUILD A NEW HOSPITAL FOR CHILDREN "
            "BESIDE THE OLD HARBOUR."
        ),
        "VELDEN",
        "TARNBY",
    ),
    "companies in title case": (
        "{} Crosses 400 Billion Crowns In Market Value",
        "",
        "Halden Motors",
        "Kestrel Shipping",
    ),
    "companies in capitals": (
        "{} CROSSES 400 BILLION CROWNS IN MARKET VALUE",
        "",
        "HALDEN MOTORS",
        "KESTREL SHIPPING",
    ),
    "Chinese": (
        "{}将新建儿童医院",
        "{}议会周一批准了一项计划，将在旧港口旁新建一所儿童医院，预计三年内完工。",
        "云湾市",
        "青岩市",
    ),
    "Japanese": (
        "{}、新しい図書館を建設へ",
        "{}の議会は月曜日、駅前に新しい図書館を建設する計画を承認し、3年以内の開館を目指すと発表した。",
        "雲湾市",
        "青岩市",
    ),
    "Korean": (
        "{} 역 앞에 새 도서관 건립",
        (
            "{} 의회는 월요일 역 앞에 새 도서관을 짓는 계획을 승인했으며 "
            "3년 안에 문을 열 예정이라고 밝혔다."
        ),
        "발머시",
        "타른비시",
    ),
    "Arabic": (
        "مجلس {} يوافق على بناء مستشفى جديد",
        (
            "وافق مجلس مدينة {} يوم الاثنين على بناء مستشفى جديد للأطفال قرب الميناء القديم على "
            "أن يفتتح خلال ثلاث سنوات"
        ),
        "فالمر",
        "تارنبي",
    ),
    "Hindi": (
        "{} में बनेगा बच्चों का नया अस्पताल",
        (
            "{} नगर परिषद ने सोमवार को पुराने बंदरगाह के पास बच्चों के नए अस्पताल की योजना को "
            "मंजूरी दी, जो तीन साल में बनकर तैयार होगा"
        ),
        "वाल्मर",
        "टार्नबी",
    ),
    "Thai": (
        "{}เตรียมสร้างโรงพยาบาลเด็กแห่งใหม่",
        "สภาเมือง{}อนุมัติแผนสร้างโรงพยาบาลเด็กแห่งใหม่ใกล้ท่าเรือเก่าเมื่อวันจันทร์ โดยคาดว่าจะแล้วเสร็จภายในสามปี",
        "เวลเดน",
        "ทาร์นบี",
    ),
    "Persian": (
        "شورای {} ساخت بیمارستان تازه را تصویب کرد",
        (
            "شورای شهر {} روز دوشنبه طرح ساخت بیمارستان تازه کودکان را در کنار بندر قدیمی تصویب "
            "کرد که تا سه سال دیگر گشایش می‌یابد"
        ),
        "ولدن",
        "تارنبی",
    ),
    "Bengali": (
        "{} শহরে শিশুদের নতুন হাসপাতাল হবে",
        (
            "{} পৌর পরিষদ সোমবার পুরোনো বন্দরের পাশে শিশুদের জন্য নতুন হাসপাতাল নির্মাণের "
            "পরিকল্পনা অনুমোদন করেছে, যা তিন বছরের মধ্যে চালু হবে"
        ),
        "ভালমের",
        "টার্নবি",
    ),
}
"""Title, text and two names to put into both, written without capitals that tell names."""

HEADLINES = (
    "Ferry pier shut after storm",
    "Choir of Tarnby sings for the queen",
    "Bakers warn of dearer flour",
)
STANDING_NOTICES = {
    "paywall": "Subscribe to read the full article. Already have an account? Sign in. Get the "
    "first month for one crown and cancel whenever you like.",
    "registration": "This article is for registered readers. Create a free account to go on "
    "reading, or sign in if you have one.",
    "gallery": "See all pictures in the gallery. Photographs by the staff of the Velden Post.",
    "video": "Watch the video above. Send us your own clips; we may show them in the evening.",
    "author line": "Piet Vos is the business editor of the Velden Post. He has written about the "
    "harbour and its companies since 2009.",
    "cookies": "We use cookies to improve your experience. By going on to use this site you "
    "agree to our terms of use and our privacy policy.",
    "newsletter": "Sign up for our morning newsletter and get the best stories of the Velden Post "
    "in your inbox every day.",
}
"""Texts that stand under whatever headline."""

LANDING = (
    "The harbour board of Ostrand will close the old ferry landing on Friday, since inspectors "
    "have found its wooden piers rotten, mayor Lena Brandt said. Ferries to the islands leave "
    "from the coal quay until a new landing is built, which may take two years."
)
LANDING_HEADLINE = "Ostrand closes old ferry landing after inspectors find rotten piers"
OTHER = (
    "Farmers in the hills above Tarnby expect the smallest apple harvest for thirty years. Frost "
    "in late April killed most of the blossom, and the cider makers of the valley will have to "
    "buy fruit from abroad, their union said on Thursday."
)
OTHER_HEADLINE = "Late frost leaves Tarnby with few apples"

LINKS = (
    "ALSO READ: {}",
    "Also read: {}",
    "READ MORE: {}",
    "Related: {}",
    "Don't miss: {}",
    "More on this site | {} | Weather | Sport",
)
"""How the headline of another article stands at the end of one."""


def google_news(title: str, publisher: str, description: str) -> Item:
    """Return an item as Google News has it, made of title and publisher only."""
    return item(
        f"{title} - {publisher}",
        description.format(title=title, publisher=publisher),
        later=True,
        source="Google News",
    )


GOOGLE_DESCRIPTIONS = (
    "{title} {publisher}",
    "{title}  {publisher}",
    (
        '<a href="https://news.google.com/rss/articles/CBMiX?oc=5" target="_blank">{title}</a>'
        '&nbsp;&nbsp;<font color="#6f6f6f">{publisher}</font>'
    ),
)

SPELLINGS = {
    "U.S. in both": (
        item(
            "U.S. lifts tariffs on ferry engines",
            "The U.S. lifted its tariffs on ferry engines on Sunday, ending a dispute of two "
            "years, U.S. officials said.",
        ),
        item(
            "US lifts tariffs on ferry engines",
            "The US lifted its tariffs on ferry engines on Sunday, ending a dispute of two "
            "years, US officials said.",
            later=True,
        ),
    ),
    "U.N. and E.U.": (
        item(
            "E.U. and U.N. agree on grain corridor",
            "The E.U. and the U.N. agreed on Monday on a corridor for grain ships, which are to "
            "sail from May, a U.N. envoy said.",
        ),
        item(
            "EU and UN agree on grain corridor",
            "The EU and the UN agreed on Monday on a corridor for grain ships, which are to "
            "sail from May, a UN envoy said.",
            later=True,
        ),
    ),
    "thousands": (
        item(
            "Flood cuts power to 4,000 homes in Tarnby",
            "A flood cut power to 4,000 homes in Tarnby "
            "on Sunday and kept 12,500 pupils from school, the council said.",
        ),
        item(
            "Flood cuts power to 4000 homes in Tarnby",
            "A flood cut power to 4000 homes in Tarnby "
            "on Sunday and kept 12500 pupils from school, the council said.",
            later=True,
        ),
    ),
    "thin spaces": (
        item(
            "",
            "Some 23,400 runners from 3,100 clubs took part in the marathon of Velden on Sunday, "
            "more than ever before, the organisers said.",
        ),
        item(
            "",
            "Some 23\u202f400 runners from 3\u202f100 clubs took part in the marathon of Velden on "
            "Sunday, more than ever before, the organisers said.",
            later=True,
        ),
    ),
    "another short link": (
        item(
            "",
            "Flood cuts power to thousands of homes in Tarnby, engineers at work through the night "
            "https://t.co/b7Jd01KmRz",
        ),
        item(
            "",
            "Flood cuts power to thousands of homes in Tarnby, engineers at work through the night "
            "https://t.co/Yq2w8Sa3Lv",
            later=True,
        ),
    ),
    "another shortener": (
        item(
            "",
            "Choir of Tarnby sings for the queen at the opening of the new opera house "
            "https://bit.ly/3xYzAb1",
        ),
        item(
            "",
            "Choir of Tarnby sings for the queen at the opening of the new opera house "
            "https://t.co/Lm4n5Op6Qr",
            later=True,
        ),
    ),
}
"""The same item in two ways of spelling."""
