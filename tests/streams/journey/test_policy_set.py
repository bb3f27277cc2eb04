import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from streams.journey import policy_set
from streams.journey.policy_set import PolicySet, Tree, merge
from streams.loading.policy_file import policy_of_text, read_policy

BASE = read_policy().base
OVERRIDES: dict[str, dict[str, Tree]] = {
    "brand": {"acme": {"stages": {"care_after_ms": 1}, "caps": {"daily_moves": 1}}},
    "category": {"coffee": {"stages": {"care_after_ms": 2}}},
    "product": {"p1": {"stages": {"care_after_ms": 3}}},
}
POLICIES = PolicySet("v", BASE, OVERRIDES)


def care_after(brand: str, category: str, product_id: str) -> int:
    return POLICIES.rules(brand, category, product_id).stages.care_after_ms


def test_the_product_wins_over_the_category_and_the_category_over_the_brand() -> None:
    assert care_after("acme", "coffee", "p1") == 3
    assert care_after("acme", "coffee", "p2") == 2
    assert care_after("acme", "tea", "p2") == 1
    assert care_after("", "tea", "p2") == POLICIES.base.stages.care_after_ms


def test_what_an_override_does_not_name_stays_as_it_is_below() -> None:
    rules = POLICIES.rules("acme", "coffee", "p1")
    assert rules.caps.daily_moves == 1
    assert rules.moments is POLICIES.base.moments


def test_products_without_an_override_share_one_policy() -> None:
    policies = {id(POLICIES.rules("acme", "coffee", f"product-{n}")) for n in range(1_000)}
    assert len(policies) == 1
    assert POLICIES.rules("nobody", "nothing", "none") is POLICIES.base


def test_names_are_compared_within_their_dimension() -> None:
    assert POLICIES.rules("p1", "acme", "coffee") is POLICIES.base


def test_what_is_kept_of_resolved_policies_is_bounded() -> None:
    products: dict[str, Tree] = {
        f"p{n}": {"caps": {"daily_moves": n + 1}} for n in range(policy_set.RESOLVED_MAX + 10)
    }
    policies = PolicySet("v", BASE, {"product": products})
    for n in range(len(products)):
        assert policies.rules("", "", f"p{n}").caps.daily_moves == n + 1
    assert len(policies._resolved) == policy_set.RESOLVED_MAX
    assert policies.rules("", "", "none") is policies.base
    assert policies.rules("", "", "p0").caps.daily_moves == 1


def test_a_policy_set_comes_back_from_plain_data() -> None:
    again = PolicySet.from_plain(json.loads(json.dumps(POLICIES.plain())))
    assert again.version == "v"
    assert again.rules("acme", "coffee", "p1") == POLICIES.rules("acme", "coffee", "p1")


def test_a_policy_set_travels_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(POLICIES))  # noqa: S301 - our own bytes
    assert again.rules("acme", "tea", "p1") == POLICIES.rules("acme", "tea", "p1")


def test_two_policies_that_differ_in_one_number_never_share_a_version() -> None:
    text = 'version = "mine"\n[caps]\ndaily_moves = '
    two, four = policy_of_text(text + "2", "a.toml"), policy_of_text(text + "4", "a.toml")
    assert two.version != four.version
    assert two.version.startswith("mine+")


def test_the_version_goes_by_the_numbers_and_not_by_how_they_are_written() -> None:
    one = policy_of_text('version = "mine"\n[caps]\noffer_gap = "48 h"\n', "a.toml")
    other = policy_of_text('version = "mine" # two days\n[caps]\noffer_gap = "2 d"\n', "b.toml")
    assert one.version == other.version


trees = st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3)))


@given(trees, trees, trees)
def test_overrides_may_be_laid_over_one_another_first(base: Tree, brand: Tree, product: Tree) -> None:
    assert merge(merge(base, brand), product) == merge(base, merge(brand, product))


@given(trees, trees)
def test_laying_over_changes_neither_tree(under: Tree, over: Tree) -> None:
    before = json.dumps([under, over])
    merged = merge(under, over)
    assert json.dumps([under, over]) == before
    assert merge(merged, over) == merged
