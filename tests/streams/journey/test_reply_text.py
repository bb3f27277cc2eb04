import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.journey.reply_text import TEXT_CHARS_MAX, intent_of, language, normal
from streams.loading.policy_file import load_policies

KEYWORDS = load_policies().base.keywords

ENGLISH = {
    "stop": [
        "STOP",
        "Stop.",
        " stop!! ",
        "stopall",
        "Unsubscribe",
        "CANCEL",
        "end",
        "Quit",
        "opt-out",
        "OptOut",
        "revoke",
        "please stop texting me",
        "Please stop.",
        "can you please stop?",
        "unsubscribe me",
        "Unsubscribe me from these emails please",
        "how do I unsubscribe?",
        "I want to opt out",
        "Take me off your list",
        "remove me from this list",
        "Don't text me again",
        "DO NOT CONTACT ME",
        "leave me alone",
        "no more texts",
        "STOP sending me this",
        "Stop. I never signed up for this",
        "I don’t want these messages",
    ],
    "start": ["START", "unstop", "please opt me back in"],
    "help": ["HELP", "info", "I need help with the setup", "can someone help", "I want to talk to a human"],
    "yes": [
        "Yes",
        "YES!",
        "yes please",
        "ok",
        "Sure, thing",
        "Yes, that would be great",
        "👍",
        "👍🏽",
        "👍👍",
    ],
    "no": [
        "No",
        "no thanks",
        "No, thank you!",
        "nope",
        "Thanks but I'm not interested",
        "I already have one",
        "I don't need it",
        "👎",
    ],
    "not_now": [
        "not now",
        "Maybe later",
        "later",
        "not right now, sorry",
        "yes but maybe later",
        "no, not now",
    ],
    "question": [
        "when does the offer stop?",
        "Does this fit the mini?",
        "Is there a discount if I cancel?",
        "Where can I end the subscription?",
    ],
    None: [
        "",
        "   ",
        "no problem, thanks",
        "No worries",
        "Thanks, got it",
        "please cancel my order",
        "I could not stop using it",
        "the stop button is great",
        "nothing",
        "unstoppable",
        "noon",
    ],
}
FRICTION = {
    "question": [
        "Where is my order?",
        "it doesn't work",
        "It doesn’t work",
        "it doesnt work",
        "The lid is broken",
        "I'd like a refund",
        "how do I return it",
        "I was charged twice!",
        "It has not yet arrived",
        "yes but where is my parcel",
        "No it is damaged",
    ],
    "frustrated": [
        "This is a scam",
        "I am so disappointed",
        "TERRIBLE service",
        "Useless. Never again.",
        "🤬",
    ],
    "stop": ["STOP, this is a scam", "This is ridiculous. STOP", "it's broken. stop texting me"],
}
OTHERS = {
    "de": {
        "stop": [
            "Stopp!",
            "STOP",
            "abmelden",
            "Bitte keine Nachrichten mehr",
            "Hört bitte auf",
            "unsubscribe",
        ],
        "yes": ["Ja, gerne", "ja bitte", "klar"],
        "no": ["Nein danke", "nö", "kein Interesse", "Brauche ich nicht, danke"],
        "not_now": ["später", "spaeter", "Jetzt nicht", "vielleicht später mal"],
        "question": ["Passt das auch zur kleinen?", "Wann endet das Angebot?"],
        "help": ["Hilfe", "ich brauche Hilfe"],
        None: ["kein Problem, danke", "Danke", "Das Ende war schön"],
    },
    "fr": {
        "stop": [
            "ARRET",
            "arrêt",
            "Arrêtez de m'envoyer des SMS",
            "désabonnez-moi",
            "Je ne veux plus recevoir ça",
        ],
        "yes": ["Oui", "oui s’il vous plaît", "D'accord", "avec plaisir"],
        "no": ["Non merci", "ça ne m'intéresse pas", "pas besoin, merci"],
        "not_now": ["pas maintenant", "Peut-être plus tard"],
        "question": ["Ça marche avec la petite ?"],
        "help": ["aide", "J'ai besoin d'aide"],
        None: ["pas de problème, merci", "Merci"],
    },
    "es": {
        "stop": ["BAJA", "stop", "Quiero darme de baja", "no me escriban más", "Dejen de enviarme mensajes"],
        "yes": ["Sí", "si, por favor", "claro"],
        "no": ["No", "no, gracias", "no me interesa"],
        "not_now": ["ahora no", "tal vez más tarde"],
        "question": ["¿Sirve para la pequeña?"],
        "help": ["ayuda", "necesito ayuda"],
        None: ["no hay problema, gracias", "Gracias", "si llueve, me quedo"],
    },
}
OTHER_FRICTION = [
    ("de", "Wo ist mein Paket?", "question"),
    ("de", "Die Maschine ist kaputt", "question"),
    ("de", "Das ist eine Frechheit", "frustrated"),
    ("fr", "Où est mon colis ?", "question"),
    ("fr", "elle ne marche pas", "question"),
    ("fr", "je suis très déçue", "frustrated"),
    ("es", "¿Dónde está mi pedido?", "question"),
    ("es", "no funciona", "question"),
    ("es", "estoy muy decepcionado", "frustrated"),
]


@pytest.mark.parametrize(("intent", "text"), [(i, text) for i, texts in ENGLISH.items() for text in texts])
def test_a_reply_means_what_people_expect(intent: str | None, text: str) -> None:
    assert intent_of(text, "en-US", KEYWORDS) == (intent, False)


@pytest.mark.parametrize(("intent", "text"), [(i, text) for i, texts in FRICTION.items() for text in texts])
def test_trouble_and_anger_signal_friction(intent: str, text: str) -> None:
    assert intent_of(text, "en-US", KEYWORDS) == (intent, True)


@pytest.mark.parametrize(
    ("locale", "intent", "text"),
    [(tag, i, text) for tag, table in OTHERS.items() for i, texts in table.items() for text in texts],
)
def test_other_languages_are_read_as_their_speakers_mean(locale: str, intent: str | None, text: str) -> None:
    assert intent_of(text, locale, KEYWORDS) == (intent, False)


@pytest.mark.parametrize(("locale", "text", "intent"), OTHER_FRICTION)
def test_friction_is_found_in_other_languages(locale: str, text: str, intent: str) -> None:
    assert intent_of(text, locale, KEYWORDS) == (intent, True)


def test_every_language_of_the_policy_is_tried_here() -> None:
    assert set(KEYWORDS) == {"en", *OTHERS}


@pytest.mark.parametrize("locale", ["de", "ja-JP", None, "", "not a locale"])
def test_english_is_understood_everywhere(locale: str | None) -> None:
    assert intent_of("unsubscribe", locale, KEYWORDS) == ("stop", False)
    assert intent_of("it is broken", locale, KEYWORDS) == ("question", True)
    assert intent_of("not interested", locale, KEYWORDS) == ("no", False)


def test_the_customers_own_language_is_read_first() -> None:
    german = replace(KEYWORDS["de"], no=("yes",), yes=())
    assert intent_of("yes", "de", {**KEYWORDS, "de": german})[0] == "no"


@pytest.mark.parametrize(("locale", "tag"), [("de-AT", "de"), ("fr_CA", "fr"), ("ES", "es"), (None, "en")])
def test_a_locale_names_a_language(locale: str | None, tag: str) -> None:
    assert language(locale) == tag


@pytest.mark.parametrize(
    ("phrase", "inside", "expected"),
    [
        ("stop", "please stop now", False),
        ("stop *", "stop now", True),
        ("stop *", "please stop", False),
        ("* stop", "please stop", True),
        ("* stop", "stop now", False),
        ("* stop *", "please stop now", True),
        ("stop *", "Please. Stop now", True),
        ("* stop now *", "please stop. now", False),
        ("* stop *", "unstoppable", False),
    ],
)
def test_a_star_stands_for_the_other_words_of_a_sentence(phrase: str, inside: str, *, expected: bool) -> None:
    nothing = dict.fromkeys(["start", "help", "yes", "no", "not_now", "frustrated", "friction_question"], ())
    table = replace(KEYWORDS["en"], stop=(phrase,), **nothing)
    assert (intent_of(inside, "en", {"en": table})[0] == "stop") is expected


def test_case_accents_and_punctuation_do_not_matter() -> None:
    assert normal("  ARRÊTEZ,  de m’envoyer…") == normal("arretez de m'envoyer") == "arretez de m envoyer"
    assert normal("doesn’t") == normal("doesnt") == "doesnt"


def test_a_reply_is_read_up_to_its_bound_and_no_further() -> None:
    filling = "a" * (TEXT_CHARS_MAX - 5)
    assert intent_of(f"{filling}. STOP and more", "en", KEYWORDS)[0] is None
    assert intent_of("x " * 10_000_000, "de", KEYWORDS) == (None, False)


@given(st.text(max_size=200), st.sampled_from(["en", "de", "fr", "es", "it"]))
def test_any_text_has_a_meaning_or_none(text: str, locale: str) -> None:
    intent, signals = intent_of(text, locale, KEYWORDS)
    assert intent in {None, "stop", "start", "help", "yes", "no", "not_now", "frustrated", "question"}
    assert signals or intent != "frustrated"


@given(st.sampled_from(["please stop texting me", "unsubscribe", "STOP"]), st.text("!., \n-*", max_size=5))
def test_punctuation_around_a_stop_does_not_hide_it(text: str, around: str) -> None:
    assert intent_of(around + text + around, "en", KEYWORDS)[0] == "stop"
