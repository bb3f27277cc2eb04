"""What a gift shop's words say about its products: the table from which a catalogue is made up.

The log has a description of a few words per product and nothing else. The first category whose pattern is
found in it is the product's; the order of the table is therefore part of the rule ("CANDLE HOLDER" is no
candle). Patterns come from the words that end the log's descriptions most often.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Category:
    """What the products of one category have in common."""

    name: str
    pattern: str
    supply_days: int | None = None
    """Days that one piece lasts; a category with a supply is of consumables."""
    unit: str | None = None
    """In what its consumption would be reported."""
    reported: float = 0.0
    """Share of its products whose usage is reported."""
    complex: float = 0.0
    """Share of its products that need a tutorial."""
    maintenance_days: int | None = None
    replace_days: int | None = None
    milestones: tuple[str, str] = ("first_use", "in_daily_use")
    """Of usage, in order; the second earns an upgrade conversation."""
    goals: tuple[str, ...] = ("a_home_to_love",)
    """What its owners try to improve next."""

    @property
    def kind(self) -> Literal["consumable", "durable"]:
        """Whether it is used up and bought again."""
        return "consumable" if self.supply_days else "durable"


# fmt: off
# One category, few lines: a table is read down its columns.
CATEGORIES = (
    Category(
        "candle_holders",
        r"(T-?LIGHT|CANDLE|VOTIVE).*(HOLDER|HLDR|STAND|STICK|POT\b|PLATE)|HOLDER.*(T-?LIGHT|CANDLE)"
        r"|CANDELABRA",
        reported=0.25, milestones=("first_evening", "ten_evenings"),
        goals=("cosier_evenings", "host_more_often"),
    ),
    Category("cushion_fillings", r"FILLER PAD|CUSHION PAD"),
    Category(
        "candles", r"CANDLE|T-LIGHTS|TEA LIGHTS|VOTIVE|INCENSE",
        supply_days=40, unit="hour", reported=0.1, goals=("cosier_evenings",),
    ),
    Category(
        "lights", r"\bLIGHTS?\b|LAMP|LANTERN|CHANDELIER|TORCH|BATTERY",
        reported=0.5, maintenance_days=90, milestones=("first_evening", "ten_evenings"),
        goals=("cosier_evenings",),
    ),
    Category(
        "party_paper",
        r"NAPKINS|TISSUES|PAPER (CUPS|PLATES)|STRAWS|DOIL|CAKE CASES|BAKING CASES|BALLOONS|MATCHES",
        supply_days=30, unit="piece", reported=0.05, goals=("host_more_often",),
    ),
    Category(
        "wrap_and_cards",
        r"\bWRAP\b|GIFT (BAG|BOX|TAPE|TAG)|\bCARDS?\b(?! (HOLDER|WALLET|PARTY))|RIBBON|STICKER"
        r"|ENVELOPE|INVITES|TAPE$",
        supply_days=45, unit="piece", reported=0.05, goals=("make_gifts",),
    ),
    Category(
        "bath_care", r"SOAP(?! (DISH|HOLDER))|LIP GLOSS|BALM|SPONGE|BATH SALT|TALC",
        supply_days=35, unit="g", goals=("time_for_myself",),
    ),
    Category(
        "stationery", r"PENCILS?\b|NOTEBOOK|JOURNAL|SKETCHBOOK|\bPENS?\b|ERASER|CHALK STICK|MEMO PAD|RULER",
        supply_days=70, unit="page", reported=0.05, goals=("plan_better",),
    ),
    Category(
        "clocks_and_devices", r"CLOCK|ALARM|TIMER|THERMOMETER|SCALES|RADIO|CALCULATOR|HEADPHONES",
        reported=0.8, complex=0.1, maintenance_days=120, milestones=("first_week", "every_day_for_a_month"),
        goals=("plan_better", "a_home_to_love"),
    ),
    Category("cushion_covers", r"CUSHION", reported=0.1, maintenance_days=90),
    Category(
        "warmth", r"HOT WATER BOTTLE|WARMER|THROW|SCARF|BLANKET|HOTTIE",
        reported=0.25, milestones=("first_cold_night", "ten_cold_nights"), goals=("time_for_myself",),
    ),
    Category(
        "lunch_and_travel", r"LUNCH|FLASK|PICNIC|SNACK|WATER BOTTLE|TRAVEL|PASSPORT|LUGGAGE",
        reported=0.4, milestones=("first_trip", "ten_trips"), goals=("eat_well_outside", "plan_better"),
    ),
    Category(
        "bags", r"\bBAGS?\b|HANDBAG|PURSE|BACKPACK|WALLET|SHOPPER",
        reported=0.2, replace_days=240, milestones=("first_outing", "ten_outings"),
        goals=("eat_well_outside",),
    ),
    Category(
        "baking", r"CAKE|BAKING|MOULD|CUTTER|\bJAM\b|RECIPE|ROLLING PIN|APRON|OVEN|WHISK",
        reported=0.45, complex=0.06, milestones=("first_cake", "ten_cakes"),
        goals=("bake_more", "host_more_often"),
    ),
    Category(
        "kitchen_and_table",
        r"\bMUGS?\b|CUPS?\b|TEACUP|TEAPOT|SAUCER|PLATE|BOWL|\bJUG|SPOON|CUTLERY|TRAY|COASTER"
        r"|PLACEMAT|\bJARS?\b|DISH|\bTEA\b|COFFEE"
        r"|\bEGG\b|PANTRY|KITCHEN|ENAMEL|TUMBLER|BEAKER|BOTTLE|TOWEL|GLOVES?\b",
        reported=0.25, milestones=("first_meal", "thirty_meals"), goals=("host_more_often", "bake_more"),
    ),
    Category(
        "jewellery",
        r"NECKL|BRACELET|EARRING|\bRING\b|BANGLE|HAIR|CHARM|BEADS?\b|PENDANT|BROOCH|JEWELLERY", reported=0.05,
        goals=("time_for_myself",),
    ),
    Category(
        "craft", r"\bKIT\b|CRAFT|SEWING|KNITTING|CROCHET|PAINT YOUR|STENCIL|PATCHES|NEEDLE|GROW YOUR|SCISSOR",
        reported=0.5, complex=0.4, milestones=("first_piece", "fifth_piece"),
        goals=("make_gifts", "play_together"),
    ),
    Category(
        "games",
        r"JIGSAW|GAME|\bTOYS?\b|PLAYING CARDS|DOMINOES|DOLL\b|PUPPET|MARBLES|SKITTLES|BLOCK|PLAYHOUSE|RACING",
        reported=0.25, complex=0.05, milestones=("first_game", "ten_games"), goals=("play_together",),
    ),
    Category(
        "garden",
        r"GARDEN|WATERING|PLANT|\bHERB|SEED|BIRD ?(BOX|HOUSE|TABLE)|BUCKET|PARASOL|UMBRELLA|WINDMILL|HAMMOCK",
        reported=0.25, maintenance_days=60, replace_days=200, milestones=("first_harvest", "a_full_season"),
        goals=("garden_more",),
    ),
    Category(
        "storage",
        r"\bBOX(ES)?\b|\bTINS?\b|STORAGE|CABINET|DRAWER|BASKET|\bRACK\b|HOOK|HANGER|SHELF|CHEST"
        r"|TIDY|ORGANISER|\bBIN\b",
        reported=0.1, milestones=("first_shelf", "a_tidy_month"), goals=("tidier_home",),
    ),
    Category(
        "walls",
        r"SIGN|FRAME|MIRROR|WALL ART|CANVAS|PLAQUE|PICTURE|MAGNET|CHALKBOARD|MEMO BOARD|LETTERS",
        reported=0.1,
    ),
    Category("mats", r"DOORMAT|\bMATS?\b|DOORSTOP|CURTAIN|\bRUG\b", reported=0.1, replace_days=180),
    Category(
        "seasonal",
        r"CHRISTMAS|EASTER|HALLOWEEN|ADVENT|BAUBLE|SNOW|SANTA|WREATH|GARLAND|BUNTING|DECORATION|STOCKING",
        reported=0.05, goals=("host_more_often", "make_gifts"),
    ),
)
# fmt: on

GIFTS = Category("gifts", r"", reported=0.05)
"""Whatever no other pattern finds."""

_COMPILED = tuple((re.compile(category.pattern), category) for category in CATEGORIES)


def category_of(description: str) -> Category:
    """The first category whose pattern is in `description`."""
    text = description.upper()
    return next((category for pattern, category in _COMPILED if pattern.search(text)), GIFTS)


SERVES: dict[str, tuple[str, ...]] = {
    "a_home_to_love": ("walls", "lights", "candle_holders"),
    "cosier_evenings": ("lights", "candle_holders", "warmth"),
    "host_more_often": ("kitchen_and_table", "baking", "seasonal"),
    "bake_more": ("baking", "kitchen_and_table"),
    "make_gifts": ("craft", "storage"),
    "plan_better": ("clocks_and_devices", "storage"),
    "time_for_myself": ("warmth", "jewellery", "stationery"),
    "eat_well_outside": ("lunch_and_travel", "bags"),
    "play_together": ("games", "craft"),
    "garden_more": ("garden", "craft"),
    "tidier_home": ("storage", "walls"),
}
"""Goal, and the categories where its next step is found."""

NEEDS: dict[str, tuple[str, float]] = {
    "candle_holders": ("candles", 0.7),
    "lights": ("", 0.6),
    "clocks_and_devices": ("", 0.6),
    "cushion_covers": ("cushion_fillings", 0.8),
    "craft": ("wrap_and_cards", 0.3),
}
"""What cannot be started without something else: of which category ("" invents a battery: one of the cheapest
products of the shop plays it), and for what share of the products.
"""

PROTECTS: dict[str, str] = {
    "jewellery": "storage",
    "kitchen_and_table": "storage",
    "clocks_and_devices": "storage",
    "games": "bags",
    "lunch_and_travel": "bags",
}
"""Category, and the category of what protects it."""

MAINTAINS: dict[str, str] = {
    "lights": "",
    "clocks_and_devices": "",
    "cushion_covers": "bath_care",
    "garden": "garden",
}
"""Category, and the category of what maintains it; "" as in `NEEDS`."""

ADDS: dict[str, tuple[str, ...]] = {
    "candles": ("candle_holders", "party_paper"),
    "baking": ("party_paper", "wrap_and_cards"),
    "kitchen_and_table": ("party_paper", "kitchen_and_table"),
    "party_paper": ("party_paper", "seasonal"),
    "wrap_and_cards": ("wrap_and_cards",),
    "lunch_and_travel": ("party_paper", "stationery"),
    "games": ("stationery", "games"),
    "garden": ("garden", "candles"),
    "seasonal": ("candles", "wrap_and_cards"),
    "bags": ("bags", "wrap_and_cards"),
}
"""Category, and the categories of simple add-ons; the others take `ADDS_OTHERWISE`."""

ADDS_OTHERWISE = ("wrap_and_cards", "party_paper")
