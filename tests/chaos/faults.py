"""What may befall workers, broker, state and inputs: each a function that leaves all able to run again."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from streams.engine.failpoints import PLACES
from tests.chaos.broker_faults import (
    delete_group,
    freeze_broker,
    kill_broker,
    reset_offsets,
    stop_broker,
    stop_worker_without_broker,
)
from tests.chaos.commit_faults import crash_at, fail_on_the_way, fail_while_others_come_and_go
from tests.chaos.input_faults import flood
from tests.chaos.scene import Scene
from tests.chaos.state_faults import damage_state, delete_state, fill_disk, remove_file
from tests.chaos.worker_faults import freeze_worker, kill_worker, outage, restart_worker, roll, storm

Fault = Callable[[Scene], Awaitable[bool]]
"""Whether it came to pass."""

FAULTS: Final[Mapping[str, Fault]] = {
    "kill -9 of a worker": kill_worker,
    "graceful restart": restart_worker,
    "rolling restart": roll,
    "frozen beyond its session": freeze_worker,
    "storm of rebalances": storm,
    "outage of all workers": outage,
    "kill -9 of the broker": kill_broker,
    "restart of the broker": stop_broker,
    "broker frozen": freeze_broker,
    "stop while the broker is gone": stop_worker_without_broker,
    "group offsets reset": reset_offsets,
    "group deleted": delete_group,
    "state deleted": delete_state,
    "state damaged": damage_state,
    "state file removed": remove_file,
    "disk full": fill_disk,
    "flood of bad records": flood,
    "errors on the way": fail_on_the_way,
    "errors while others come and go": fail_while_others_come_and_go,
    **{f"crash at {place}": partial(crash_at, place) for place in PLACES},
}
