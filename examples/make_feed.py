"""
Write the made-up feed of the demo: ``feed.jsonl``, and the truth in ``feed_truth.jsonl``.

Every place, person, outlet and event is invented. Stories are put together
from the phrases below; some are then copied by other outlets in the ways of
news: word by word, with a dateline, cut off, slightly revised, under another
title. Recurring items (bulletins, horoscopes, market notes) share most of
their words, but each says something new: they are no duplicates.

Run it as ``python examples/make_feed.py``; it writes the same files everywhere.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

N_ITEMS = 2_000
SEED = 20261123
FOLDER = Path(__file__).resolve().parent
START = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)

# For each language: share of items in percent, outlets, agency, joint between words, phrases.
# A story is a title, an opening and a closing sentence; {braces} are filled from the lists.
LANGUAGES: dict[str, dict[str, Any]] = {
    "en": {
        "share": 68,
        "outlets": [
            "Harbour Daily",
            "Northern Ledger",
            "The Velden Post",
            "Coastline News",
            "Arvale Observer",
            "Morrow Times",
            "Ostrand Gazette",
            "Capital Wire Online",
        ],
        "agency": "Capwire",
        "title": [
            "{city} {body} backs {plan}",
            "{person} to lead {body} in {city}",
            "Storm leaves thousands in {city} without power",
            "{city} opens its first {building} after {number} years",
            "{person}: '{quote}'",
            "Strike at {company} enters its {ordinal} week",
            "{company} to cut {number} jobs in {city}",
            "Court in {city} rejects appeal over {plan}",
            "Scientists in {city} find {find} under a {building}",
            "{city} wins the {cup} after {number} years of waiting",
            "Fire closes {building} in {city}",
            "{number} rescued from ferry off {city}",
        ],
        "opening": [
            "The {body} in {city} voted {vote} on {day} to support {plan}, after a debate that "
            "lasted {number} hours.",
            "{person}, who once ran a {building} in {city}, has been chosen to lead the {body} "
            "from next month.",
            "Engineers worked through the night in {city} to repair {number} lines brought down "
            "by the strongest winds since the {ordinal} winter on record.",
            "Crowds queued around the block on {day} as a {building} opened its doors in the old "
            "quarter of {city}.",
            "In a rare interview, {person} said that the fight over {plan} had cost the {body} "
            "many friends.",
            "Talks between {company} and its staff broke down on {day} over {issue}, and no new "
            "meeting has been arranged.",
            "{company} told workers in {city} that it would close {number} of its lines because "
            "of {issue}.",
            "Judges dismissed a complaint by {number} residents of {city}, who had argued that "
            "{plan} broke a promise made in writing.",
            "A team digging beside a {building} in {city} came upon {find}, which may be older "
            "than the town itself.",
            "A late goal by {person} gave {city} a famous victory on {day} and sent {number} "
            "supporters into the streets.",
            "Firefighters from {number} stations needed until dawn to put out a blaze in a "
            "{building} near the centre of {city}.",
            "All passengers were brought to safety on {day} when a ferry with {find} on board ran "
            "aground near {city}.",
        ],
        "closing": [
            "Opponents led by {person} said they would take the matter to court.",
            "'{quote},' said {person}, who has watched the affair from the start.",
            "The cost is put at {number} million crowns, most of it to be paid by {company}.",
            "A report on {issue} is expected before the end of the summer.",
            "{company} declined to comment, citing {issue}.",
            "Nobody was hurt, and the {body} promised an inquiry.",
            "It is the {ordinal} such case in {city} this year.",
            "Visitors from {city} were among the first to arrive, with {find} in a paper bag.",
            "Schools near the {building} will stay shut until {day}.",
            "The decision surprised even {person}, a member of the {body} for {number} years.",
        ],
        "city": [
            "Velden", "Arvale", "Ostrand", "Port Morrow", "Kelling", "Tarnby", "Isle Haven",
            "Brackwater", "Sundhalm", "Quarrow", "Lower Fenwick", "Mirestad", "Glaive", "Torrin",
            "Elmsgate", "Drovny",
        ],
        "person": [
            "Ada Lindqvar", "Tomas Berrol", "Irena Halvoy", "Joss Merriden", "Paula Quist",
            "Edvin Stroud", "Nadia Karsten", "Oleg Vantry", "Ruth Amberley", "Simon Dekker-Low",
            "Mira Tolland", "Henrik Oswin", "Lotte Farren", "Bram Yselder", "Clara Numan",
            "Viktor Salling",
        ],
        "body": [
            "city council", "harbour board", "transport committee", "regional assembly",
            "water authority", "teachers' union", "chamber of trade", "planning office",
            "fisheries board", "heritage trust",
        ],
        "company": [
            "Norvane Steel", "Quill & Oar", "Tessel Shipping", "Brightmoor Foods", "Ilmar Rail",
            "Hollin Motors", "Greywater Energy", "Palladin Glass", "Oster Paper", "Sableford Mills",
        ],
        "plan": [
            "a toll on the northern bridge", "free buses for pupils", "a ban on night flights",
            "a new sea wall", "longer opening hours for markets", "the sale of the old barracks",
            "a tram to the airport", "higher fees for moorings", "a park on the former docks",
            "rent limits in the centre", "a second tunnel under the strait", "a tax on empty houses",
        ],
        "building": [
            "library", "concert hall", "railway station", "glass museum", "covered market",
            "swimming pool", "lighthouse", "theatre", "tannery", "cathedral", "brewery", "sawmill",
        ],
        "issue": [
            "unpaid overtime", "a shortage of timber", "rising gas prices", "faulty brakes",
            "the quality of drinking water", "weekend shifts", "missing permits", "a data leak",
            "noise at night", "late deliveries from overseas",
        ],
        "find": [
            "a Bronze Age boat", "four hundred silver coins", "the bones of a giant elk",
            "a sealed cellar full of maps", "two wooden idols", "a crate of pineapples",
            "an unknown species of moth", "a painting thought lost", "a medieval kiln",
            "six unexploded shells",
        ],
        "cup": ["Amber Cup", "Strait Trophy", "Founders' Shield", "Winter League"],
        "quote": [
            "We have waited long enough", "Nobody asked the people who live here",
            "This is not the end of it", "I would do it again tomorrow",
            "There is no money left for promises", "It felt like a dream",
            "You cannot repair a bridge with speeches", "We were simply lucky",
        ],
        "vote": ["narrowly", "unanimously", "by a clear majority", "by a single vote"],
        "ordinal": ["second", "third", "fourth", "fifth", "seventh", "ninth", "twelfth"],
        "day": [
            "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
        ],
        "revisions": [
            ("said", "told reporters"), ("Nobody was", "No one was"), ("because of", "over"),
            ("near", "close to"), ("expected", "due"), ("promised", "announced"),
            ("first", "earliest"), ("famous", "remarkable"), ("many", "a great many"),
        ],
        "templates": [
            (
                "Harbour Radio news at {hour}:00",
                "The latest headlines from Harbour Radio at {hour}:00 on {date}. News, sport and "
                "weather from the coast, every hour, on the hour.",
            ),
            (
                "{sign} horoscope for {date}",
                "{sign}: what do the stars have in store for you on {date}? {omen} Read on for "
                "love, money and health, and for your lucky number, {figure}.",
            ),
            (
                "Shares of {company} {move} {figure}.{digit}% as Northern Index {trend}",
                "Shares of {company} were trading at {price} crowns in Velden on {date}, "
                "{figure}.{digit}% away from the previous close. The stock has a 52-week high of "
                "{high} crowns. The Northern Index {trend}.",
            ),
            (
                "{city} {digit}-{digit2} {city2}: live score, {cup}",
                "Follow {city} against {city2} in the {cup} live, with goals, cards and "
                "substitutions as they happen. Score after {figure} minutes: {digit}-{digit2}.",
            ),
            (
                "Weather for {city}, {date}",
                "Today's forecast for {city}: {sky}, with highs of {figure} degrees and winds of "
                "up to {high} km/h. The outlook for tomorrow: {sky2}.",
            ),
            (
                "Lottery results for {date}: winning numbers",
                "Here are the winning numbers of the Strait Lottery drawn on {date}: {figure}, "
                "{high}, {price} and the bonus {digit}. Check your ticket within ninety days.",
            ),
            (
                "Quote of the day",
                "The thought that starts your morning, chosen by our readers: '{quote}' ({person}).",
            ),
        ],
        "sign": ["Aries", "Taurus", "Gemini", "Cancer", "Leo", "Virgo", "Libra", "Pisces"],
        "omen": [
            "An old friend has news.", "Be careful with money this week.",
            "A journey is closer than you think.", "Trust your first idea.",
            "Someone is waiting for your answer.", "Rest is not idleness.",
        ],
        "move": ["rise", "fall", "gain", "slip", "climb"],
        "trend": ["gains", "drops", "holds steady", "hits a new high", "recovers"],
        "sky": ["sunny spells", "steady rain", "thick fog", "scattered showers", "clear skies"],
    },
    "fr": {
        "share": 11,
        "outlets": ["Le Courrier de Valmer", "La Gazette des Îles", "Ouest Actualités"],
        "agency": "AFV",
        "title": [
            "À {city}, {body} approuve {plan}",
            "{person} prend la tête d'une entreprise de {city}",
            "Incendie dans {building} à {city}",
            "Des chercheurs découvrent {find} près de {city}",
            "{city} : {number} familles toujours sans électricité",
            "{person} : « {quote} »",
        ],
        "opening": [
            "Réuni {day} à {city}, {body} a approuvé {plan} au terme d'une séance de {number} "
            "heures.",
            "Âgée de {number} ans, {person} dirigera dès l'été une entreprise de {city} connue "
            "pour {find}.",
            "Plus de {number} pompiers ont lutté toute la nuit contre un incendie qui a détruit "
            "{building} au cœur de {city}.",
            "C'est en creusant une tranchée derrière {building} que des ouvriers de {city} ont mis "
            "au jour {find}.",
            "Après la tempête de {day}, {number} techniciens s'efforcent de rétablir le courant "
            "dans les villages voisins de {city}.",
            "De passage à {city} {day}, {person} a défendu {plan} devant un public très partagé.",
        ],
        "closing": [
            "« {quote} », a déclaré {person} à la sortie.",
            "L'enquête a été confiée à {body}, qui rendra ses conclusions à l'automne.",
            "Le coût des travaux est estimé à {number} millions de couronnes.",
            "Les habitants redoutent surtout la fermeture de {building}.",
            "Une réunion publique aura lieu {day} dans {building}.",
            "{person} n'a pas souhaité répondre à nos questions.",
        ],
        "city": [
            "Valmer", "Port-Sorlin", "Brécourt", "Aiguebleue", "Montrésy", "Laubrac", "Saint-Orven",
            "Carvigne", "Pontelle", "Ruzac",
        ],
        "person": [
            "Élise Marvaud", "Hélène Torcy", "Inès Balard", "Noémie Castrel", "Aurore Lenval",
            "Zoé Pradines",
        ],
        "body": [
            "le conseil municipal", "la chambre d'agriculture", "le syndicat des eaux",
            "l'assemblée des pêcheurs", "le comité des fêtes", "la commission des transports",
        ],
        "plan": [
            "la gratuité des bacs", "un nouveau pont sur la Sorle", "l'interdiction des feux de "
            "plage", "la vente du vieux phare", "une taxe sur les résidences vides",
            "le retour du tramway",
        ],
        "building": [
            "la halle aux grains", "le théâtre", "la gare maritime", "l'ancien séminaire",
            "la bibliothèque", "le moulin à papier",
        ],
        "find": [
            "une barque gauloise", "un trésor de monnaies", "une mosaïque de dauphins",
            "trois statues de bois", "un four de potier", "des dents de mammouth",
        ],
        "quote": [
            "Nous ne céderons pas", "Personne ne nous a consultés", "C'est un soulagement",
            "Il était temps", "On recommencera demain",
        ],
        "day": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        "revisions": [
            ("a déclaré", "a affirmé"), ("Plus de", "Près de"), ("surtout", "avant tout"),
            ("estimé à", "évalué à"), ("très partagé", "divisé"),
        ],
        "templates": [
            (
                "Météo à {city} : les prévisions du {date}",
                "Retrouvez les prévisions de Météo Valmer pour {city} ce {date} : {sky}, {figure} "
                "degrés l'après-midi, vent jusqu'à {high} km/h.",
            ),
            (
                "Horoscope du {date} : {sign}",
                "{sign} : découvrez ce que les astres vous réservent le {date} en amour, au travail "
                "et pour votre santé. Votre chiffre : {figure}.",
            ),
        ],
        "sky": ["soleil", "pluie fine", "brouillard", "averses", "ciel voilé"],
        "sign": ["Bélier", "Taureau", "Gémeaux", "Lion", "Balance", "Poissons"],
    },
    "ru": {
        "share": 9,
        "outlets": ["Вестник Залесья", "Северный маяк", "Новости Приозёрска-2"],
        "agency": "Залинформ",
        "title": [
            "{city}: {body} поддержал {plan}",
            "{person}: «{quote}»",
            "Под фундаментом нашли {find}: {city} удивляет учёных",
            "{city}: пожар тушили {number} часов",
            "{person} получит премию за {plan}",
        ],
        "opening": [
            "После спора, который длился {number} часов, {body} одобрил {plan}, сообщает {day} "
            "пресс-служба.",
            "Известный путешественник {person} рассказал {day}, как едва не потерял {find} во "
            "время бури.",
            "Рабочие, менявшие трубы возле старой школы, обнаружили {find}, и стройку пришлось "
            "остановить на {number} дней.",
            "Огонь охватил склад у реки, и на помощь прибыли {number} добровольцев из соседних "
            "деревень.",
            "Первым, кто предложил {plan}, был {person}, и спустя {number} лет его мечта сбылась.",
        ],
        "closing": [
            "«{quote}», сказал {person} журналистам.",
            "Стоимость работ оценили в {number} миллионов крон.",
            "Своё решение {body} объяснит {day}.",
            "Жители города {city} встретили новость спокойно.",
            "Музей уже готовит зал, где покажут {find}.",
        ],
        "city": [
            "Залесье", "Верхний Яр", "Снежногорье", "Тихая Пристань", "Белоручей", "Камнеград",
            "Озёрный Мыс", "Ветрогорск",
        ],
        "person": [
            "Глеб Заревой", "Тимур Ольшанин", "Остап Веретено", "Фёдор Каменкин", "Лука Снегирёв",
            "Прохор Ясенев",
        ],
        "body": [
            "городской совет", "союз рыбаков", "комитет по транспорту", "водный надзор",
            "учительский профсоюз",
        ],
        "plan": [
            "строительство канатной дороги", "запрет ночных рейсов", "новый мост через протоку",
            "бесплатный проезд для школьников", "продажу старых казарм", "парк на месте верфи",
        ],
        "find": [
            "древнюю ладью", "клад серебряных монет", "кости гигантского лося",
            "сундук с картами", "неизвестную картину", "две деревянные статуи",
        ],
        "quote": [
            "Мы ждали слишком долго", "Нас никто не спросил", "Это ещё не конец",
            "Завтра я поступил бы так же", "Денег на обещания больше нет",
        ],
        "day": [
            "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу",
        ],
        "revisions": [
            ("сказал", "заявил"), ("спокойно", "сдержанно"), ("оценили в", "подсчитали:"),
            ("одобрил", "утвердил"), ("обнаружили", "нашли"),
        ],
        "templates": [
            (
                "Курс кроны на {date}",
                "Банк Залесья установил официальный курс кроны на {date}: {figure} рублей {high} "
                "копеек за единицу. Накануне курс составлял {price}.",
            ),
            (
                "Гороскоп на {date}: {sign}",
                "{sign}: что обещают звёзды на {date}? Советы о любви, работе и здоровье, а также "
                "счастливое число дня: {figure}.",
            ),
        ],
        "sign": ["Овен", "Телец", "Близнецы", "Лев", "Весы", "Рыбы"],
    },
    "hi": {
        "share": 7,
        "outlets": ["सूर्यपुर समाचार", "नदी टाइम्स"],
        "agency": "नववार्ता",
        "title": [
            "{city} में {plan} को मंज़ूरी",
            "{person} बोले: {quote}",
            "{city} में मिला {find}, वैज्ञानिक हैरान",
            "{city} में बारिश से {number} गाँव प्रभावित",
        ],
        "opening": [
            "{city} की {body} ने {day} को {number} घंटे चली बैठक के बाद {plan} को मंज़ूरी दे दी।",
            "लंबे समय से चुप रहे {person} ने {day} को पत्रकारों से बातचीत में {plan} का समर्थन किया।",
            "{city} के पास पुरानी सड़क की खुदाई में मज़दूरों को {find} मिला, जिसे संग्रहालय भेजा गया है।",
            "लगातार {number} घंटे की बारिश के बाद {city} के आसपास के रास्ते बंद हो गए और नावें लगानी पड़ीं।",
        ],
        "closing": [
            "{person} ने कहा, '{quote}'।",
            "इस काम पर {number} करोड़ खर्च होने का अनुमान है।",
            "{body} अपनी रिपोर्ट {day} को देगी।",
            "स्थानीय लोगों ने इस खबर पर खुशी जताई।",
            "स्कूल {day} तक बंद रहेंगे।",
        ],
        "city": ["सूर्यपुर", "नीलगाँव", "चंद्रघाट", "हरितनगर", "मोरवन", "शिलाकोट", "तारापुरी"],
        "person": ["अर्णव मेहरोत्रिया", "देविका सालवन", "कबीर ओझानी", "रोहिणी तारकर", "विनय कुंजल"],
        "body": ["नगर परिषद", "जल समिति", "परिवहन समिति", "व्यापार सभा"],
        "plan": ["नए पुल की योजना", "मुफ़्त बस सेवा", "रात की उड़ानों पर रोक", "पुराने बाज़ार की मरम्मत", "नदी किनारे पार्क"],
        "find": ["चाँदी के सिक्कों का घड़ा", "प्राचीन नाव", "पत्थर की मूर्ति", "मिट्टी का भट्ठा", "नक्शों से भरा संदूक"],
        "quote": ["हमने बहुत इंतज़ार किया", "किसी ने हमसे नहीं पूछा", "यह अंत नहीं है", "हम फिर कोशिश करेंगे"],
        "day": ["सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार"],
        "revisions": [("खुशी जताई", "संतोष जताया"), ("खर्च होने", "लगने"), ("बंद हो गए", "कट गए")],
        "templates": [
            (
                "आज का राशिफल {date}: {sign}",
                "{sign} राशि वालों के लिए {date} का दिन कैसा रहेगा? प्रेम, करियर और स्वास्थ्य का हाल जानें। आज "
                "का शुभ अंक {figure} है।",
            ),
        ],
        "sign": ["मेष", "वृषभ", "मिथुन", "सिंह", "तुला", "मीन"],
    },
    "zh": {
        "share": 5,
        "outlets": ["云湾日报", "青屿晚报"],
        "agency": "云湾社",
        "title": [
            "{city}{body}通过{plan}",
            "{city}施工现场发现{find}",
            "{person}：{quote}",
            "{city}大火持续{number}小时后被扑灭",
        ],
        "opening": [
            "经过{number}个小时的讨论，{city}{body}{day}投票通过了{plan}，反对者表示将继续上诉。",
            "工人们{day}在{city}旧码头附近更换水管时意外发现{find}，施工因此暂停{number}天。",
            "多年未公开露面的{person}{day}在{city}接受采访，谈到了{plan}引起的争论。",
            "{city}一座仓库{day}凌晨起火，{number}名消防员连夜赶到现场，附近学校停课一天。",
        ],
        "closing": [
            "{person}说：“{quote}。”",
            "工程费用预计为{number}百万克朗，由{body}承担大部分。",
            "博物馆正在准备一个展厅，专门展出{find}。",
            "当地居民对这个消息反应平静，商店照常营业。",
            "{body}将在{day}公布调查结果。",
        ],
        "city": ["云湾", "青屿", "白石镇", "临江渡", "望海城", "松岭"],
        "person": ["沈知远", "陆晚晴", "顾南舟", "叶听澜", "程若谷"],
        "body": ["市议会", "港务局", "水务委员会", "教师工会", "规划处"],
        "plan": ["新海堤计划", "学生免费乘车方案", "夜间航班禁令", "旧军营出售案", "机场电车项目"],
        "find": ["一艘古代木船", "四百枚银币", "巨鹿骨骼", "一箱旧地图", "两尊木像"],
        "quote": ["我们已经等得够久了", "没有人问过住在这里的人", "事情还没有结束", "明天我还会这样做"],
        "day": ["周一", "周二", "周三", "周四", "周五", "周六"],
        "revisions": [("反应平静", "看法不一"), ("意外发现", "偶然发现"), ("表示", "称")],
        "templates": [
            (
                "{date}{city}天气预报",
                "{city}气象台发布{date}天气预报：{sky}，最高气温{figure}度，风速每小时{high}公里，请市民注意出行安全。",
            ),
        ],
        "sky": ["晴间多云", "小雨转阴", "大雾", "阵雨", "晴"],
    },
}  # fmt: skip

COPIES = ("verbatim", "credited", "suffixed", "cut off", "revised", "retitled")
CUT_OFF_MARKS = ("...", "…", " [...]", "… [+{} chars]")


class Writer:
    """Makes items from phrases, drawing everything from one seeded source."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up news, no secret

    def chance(self, percent: float) -> bool:
        """Return True in so many of a hundred cases."""
        return self._random.random() * 100 < percent

    def below(self, bound: int) -> int:
        """Return an integer in [0, bound)."""
        # random() is the one method whose stream is promised to stay.
        return int(self._random.random() * bound)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def language(self) -> str:
        """Return a language, as often as its share says."""
        at = self.below(100)
        for name, phrases in LANGUAGES.items():
            at -= phrases["share"]
            if at < 0:
                return name
        return "en"

    def fill(self, form: str, phrases: dict[str, Any], values: dict[str, str]) -> str:
        """Return a form with its braces filled, from `values` where they say."""
        while "{" in form:
            head, _, rest = form.partition("{")
            name, _, tail = rest.partition("}")
            value = values.get(name)
            if value is None:
                value = str(2 + self.below(98)) if name == "number" else self.pick(phrases[name])
            form = head + value + tail
        return form

    def story(self, language: str) -> tuple[str, str]:
        """Return title and description of a story of its own."""
        phrases = LANGUAGES[language]
        # What a story is about stays the same throughout it.
        values = {name: self.pick(phrases[name]) for name in ("city", "plan") if name in phrases}
        joint = "" if language == "zh" else " "
        description = joint.join(
            self.fill(self.pick(phrases[part]), phrases, values) for part in ("opening", "closing")
        )
        return self.fill(self.pick(phrases["title"]), phrases, values), description

    def recurring(self, language: str, number: int, when: dt.datetime) -> tuple[str, str]:
        """Return title and description of one more item of a template."""
        phrases = LANGUAGES[language]
        values = {
            "date": f"{when:%Y-%m-%d}",
            "hour": f"{when.hour}",
            "figure": str(1 + self.below(40)),
            "high": str(20 + self.below(60)),
            "price": str(100 + self.below(900)),
            "digit": str(self.below(5)),
            "digit2": str(self.below(5)),
        }
        doubled = {"city": "city2", "sky": "sky2"}
        for name in ("sign", "omen", "company", "move", "trend", "city", "sky", "cup", "person"):
            if name in phrases:
                values[name] = self.pick(phrases[name])
                if name in doubled:
                    others = [other for other in phrases[name] if other != values[name]]
                    values[doubled[name]] = self.pick(others)
        title, description = phrases["templates"][number]
        return self.fill(title, phrases, values), self.fill(description, phrases, values)

    def copy(self, item: dict[str, str], source: str) -> tuple[str, str]:
        """Return title and description of a copy by another outlet."""
        phrases = LANGUAGES[item["lang"]]
        title, description = item["title"], item["description"]
        kind = self.pick(COPIES)
        if kind == "credited":
            city = self.pick(phrases["city"])
            description = f"{city.upper()} ({phrases['agency']}) - {description}"
        elif kind == "suffixed":
            title = f"{title} {self.pick('-|')} {source}"
        elif kind == "cut off":
            words = list(description) if item["lang"] == "zh" else description.split(" ")
            kept = words[: len(words) * (65 + self.below(30)) // 100]
            mark = self.pick(CUT_OFF_MARKS).format(200 + self.below(4_000))
            description = ("" if item["lang"] == "zh" else " ").join(kept) + mark
        elif kind == "revised":
            for old, new in phrases["revisions"]:
                description = description.replace(old, new, 1)
        elif kind == "retitled":
            title = self.fill(self.pick(phrases["title"]), phrases, {})
        return title, description


def words_of(text: str) -> set[str]:
    """Return the pairs of neighbouring words, or characters where there are no spaces."""
    words = text.split() if " " in text else list(text)
    return {" ".join(words[i : i + 2]) for i in range(len(words) - 1)}


def make_feed() -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """Return the items and the truth about them, sorted by time."""
    writer = Writer(SEED)
    items: list[dict[str, str]] = []
    truth: list[dict[str, Any]] = []
    known: list[set[str]] = []  # of every story and copied text, to keep stories apart
    recent: list[int] = []  # places of stories that may be copied
    when = START
    while len(items) < N_ITEMS:
        when += dt.timedelta(seconds=60 + writer.below(600))
        place = len(items)
        language, template, story = writer.language(), None, place
        if writer.chance(22):
            template_number = writer.below(len(LANGUAGES[language]["templates"]))
            template = f"{language}-{template_number}"
            title, description = writer.recurring(language, template_number, when)
        elif recent and writer.chance(24):
            # Of the last stories, the first of every eight is big news.
            back = writer.below(min(len(recent), 40))
            copied = recent[-1 - back]
            if writer.chance(60):
                copied = recent[(len(recent) - 1) // 8 * 8]
            story = truth[copied]["story"]
            language = items[copied]["lang"]
            source = writer.pick(LANGUAGES[language]["outlets"])
            title, description = writer.copy(items[copied], source)
        else:
            title, description = writer.story(language)
            words = words_of(description)
            if any(len(words & other) > 0.4 * len(words | other) for other in known):
                continue  # by chance too much like another story
            known.append(words)
            recent.append(place)
        if template is not None or story == place:
            source = writer.pick(LANGUAGES[language]["outlets"])
        items.append(
            {
                "id": f"item-{place:04}",
                "title": title,
                "description": description,
                "source": source,
                "published": when.isoformat(),
                "lang": language,
            }
        )
        truth.append({"id": f"item-{place:04}", "story": story, "template": template})
    return items, truth


def as_lines(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    """Write both files beside this one."""
    items, truth = make_feed()
    for name, rows in (("feed.jsonl", items), ("feed_truth.jsonl", truth)):
        (FOLDER / name).write_text(as_lines(rows), encoding="utf-8", newline="\n")
        print(f"wrote {len(rows):,} lines to {FOLDER.name}/{name}")


if __name__ == "__main__":
    main()
