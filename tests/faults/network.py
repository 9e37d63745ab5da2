"""Trouble of the network: what parts reach Kafka or ClickHouse through is cut, slow, silent, or swallows answers."""

import time
from random import Random

from tests.faults.house import House
from tests.faults.trouble import Log, Trouble


def network(which: str, how: str, least: float, most: float) -> Trouble:
    """What the product's parts reach a broker or ClickHouse through is cut, slow, silent, or swallows answers."""

    def does(house: House, chance: Random, log: Log) -> None:
        proxy = house.kafka_proxy if which == "kafka" else house.clickhouse_proxy
        time.sleep(chance.uniform(0, 1.5))
        seconds = chance.uniform(least, most)
        log.say(f"{which} {how} for {seconds:.1f} s")
        if how == "cut":
            proxy.cut()
        elif how == "slow":
            proxy.delay_seconds = 0.5
        else:
            setattr(proxy, how, True)
        time.sleep(seconds)
        proxy.heal()
        log.say("healed")

    return does
