#!/usr/bin/env python3
"""Guards on a live broker: a flood is held back with the pause that it lasts, operators hear of it once, without a
person; a restart counts on."""

import sys
import time
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, TOWN, Broker, now, signal_event  # noqa: E402

# Windows begin at fixed times: of two lengths one that does not end while the test runs.
PER = 31 if 31 * 86400 - time.time() % (31 * 86400) > 300 else 30
PER_S = PER * 86400
GUARDS = """\
guards:
  - {id: flood, agency: school, type: test.verzuim.v1, per: %dd, max: 5, then: refuse}
  - {id: whole-class, kind: police, count: persons, same: buurt, per: %dd, max: 3, then: notice}
""" % (PER, PER)


class Guards(unittest.TestCase):
    def test_a_flood_is_held_back_and_operators_hear_of_it(self):
        with Broker(town=TOWN + GUARDS) as broker:
            school, police = broker.session("agency:school"), broker.session("agency:politie")
            operator = broker.session("operator:beheer")
            at = now()
            school.say("many 20 20 " + signal_event("school", "flood-@", 1, at))
            confirm = school.wait("confirm", where=lambda c: c["up_to"] == 20)
            self.assertEqual({e["error"] for e in confirm["exceptions"]}, {"held_back"})
            self.assertEqual(sum(e["count"] or 1 for e in confirm["exceptions"]), 15)
            left_ms = 1000 * (PER_S - time.time() % PER_S)
            self.assertLess(abs(confirm["retry_after_ms"] - left_ms), 30000)
            # What is refused for another reason is so first, and others are not concerned.
            self.assertEqual(school.verdict(signal_event("school", "flood-1", 1, at)), "duplicate")
            for i in range(5):  # told at the fourth person, and only then
                event = signal_event("politie", "class-%d" % i, 10 + i, address={"buurt": "BU99010101"})
                self.assertEqual(police.verdict(event), "accepted")
            status = operator.admin("status")["counters"]
            self.assertEqual((status["guards_reached"], status["refused"]), (2, 15))

            broker.close_peers()
            self.assertEqual(broker.stop(), 0)
            told = [line for line in broker.log().splitlines() if "event=guard " in line]
            self.assertEqual([line.split("event=guard ")[1].split(" from_ms")[0] for line in told],
                             ["guard=flood agency=school count=5", "guard=whole-class agency=politie count=4"])
            self.assertFalse([b for b in BSNS[:20] if b in broker.log()])

            broker.start()
            school = broker.session("agency:school")
            self.assertEqual(school.verdict(signal_event("school", "after-restart", 2)), "held_back")
            self.assertEqual(broker.stop(), 0)
            self.assertEqual(broker.log().count("event=guard "), 4, "told again by a new start, while they last")


if __name__ == "__main__":
    unittest.main(verbosity=1)
