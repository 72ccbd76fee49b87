#!/usr/bin/env python3
"""What the gateway tells an operator of the courier: how deliveries stand, dead letters, and to send them again."""

import json
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "http"), os.path.join(HERE, "..", "integration")]
from courier_test import COURIER, SECRETS, until  # noqa: E402
from stub import Hook  # noqa: E402
from town import Town  # noqa: E402

OPERATOR = "operator:beheer"


class Deliveries(unittest.TestCase):
    def test_an_operator_sees_and_sends_again_what_a_receiver_did_not_take(self):
        hook = Hook([500, 500])
        with Town(text="courier: courier\n") as town:
            told = town.get(OPERATOR, "/v1/deliveries").want(200).json
            self.assertEqual((told["items"], told["letters"]), ([], []))
            case, holder = town.case(1)
            name = holder.replace(":", "-")
            b = town.broker
            b.write("secret", SECRETS[0] + "\n", 0o400)
            b.write("courier.yaml", f'broker: "{b.endpoints["listen"]}"\nbroker_key: broker.pub\nfolder: courier\n'
                    f'origin: voordeur.example\ninsecure: yes\nallow: ["127.0.0.0/8"]\n'
                    "retries: {first: 20ms, factor: 1, longest: 50ms, attempts: 2}\ndeliveries:\n"
                    f'  - {{party: "{holder}", key: "{b.key_file(holder)}", url: "{hook.url()}", secrets: [secret]}}\n')
            with open(b.path("courier.log"), "ab") as log:
                courier = subprocess.Popen([COURIER, "--config", b.path("courier.yaml")], stderr=log)
            try:
                letters = lambda: town.get(OPERATOR, "/v1/deliveries").want(200).json["letters"]  # noqa: E731
                until(lambda: len(letters()) == 1, "a letter")
                letter = letters()[0]
                self.assertEqual((letter["id"], letter["why"], letter["attempts"]), (name + ".1", "status 500", 2))
                self.assertNotIn(case, json.dumps(letter))
                item = town.get(OPERATOR, "/v1/deliveries").json["items"][0]
                self.assertEqual((item["party"], item["receiver"]), (holder, hook.url()[7:-5]))
                for wrong in ("..%2F..%2Fx.1", name + ".2", name, name + ".0", "." + name + ".1"):
                    town.post(OPERATOR, f"/v1/deliveries/{wrong}/retries").want(404)
                town.post(holder, f"/v1/deliveries/{name}.1/retries").want(403)
                town.post(OPERATOR, f"/v1/deliveries/{name}.1/retries").want(202)
                hook.wait(lambda: len(hook.events()) == 1)
                until(lambda: letters() == [], "the letter goes")
                town.post(OPERATOR, f"/v1/deliveries/{name}.1/removals", {"reason": "weg"}).want(404, "not_found")
                # Another one is thrown away, and the journal says by whom and why, on one line.
                hook.statuses[:] = [500, 500]
                town.post(holder, f"/v1/cases/{case}/acceptances").want(201)
                town.post(holder, f"/v1/cases/{case}/notes", {"agency": "school", "text": "Wie belt?"}).want(201)
                town.post("agency:school", "/v1/signals/c-s1/notes", {"text": "Ik."}).want(201)
                until(lambda: len(letters()) == 1, "a second letter")
                second = letters()[0]["id"]
                wrong = town.post(OPERATOR, f"/v1/deliveries/{second}/removals", {}).want(400).json
                self.assertEqual(wrong["errors"][0]["pointer"], "/reason")
                town.post(OPERATOR, f"/v1/deliveries/{second}/removals", {"reason": 'al "gedaan"\nevent=x'}).want(204)
                self.assertEqual(letters(), [])
                line = [row for row in town.gateway.words().splitlines() if "letter_dropped" in row]
                self.assertTrue(line[0].endswith(f'letter={second} by={OPERATOR} reason="al \\"gedaan\\"\\nevent=x"'), line)
            finally:
                courier.terminate()
                self.assertEqual(courier.wait(60), 0)
        hook.close()


if __name__ == "__main__":
    unittest.main()
