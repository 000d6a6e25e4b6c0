import { AddressShares } from "../../src/net/address_shares.ts";
import { equal, ok } from "../support/assert.ts";

/** How many places each of the addresses gets when they take turns. */
function takeAll(shares: AddressShares, ips: readonly string[]): number[] {
  const counts = ips.map(() => 0);
  for (let before = -1, sum = 0; sum !== before;) {
    before = sum;
    ips.forEach((ip, i) => {
      if (shares.take(ip) !== null) counts[i]++;
    });
    sum = counts.reduce((a, b) => a + b);
  }
  return counts;
}

Deno.test("address shares: one address gets half of the places, others still find some", () => {
  const shares = new AddressShares(1000);
  equal(takeAll(shares, ["10.0.0.1"]), [500]);
  equal(takeAll(shares, ["10.0.0.2"]), [250]);
  const few = Array.from({ length: 50 }, (_, i) => `10.0.1.${i}`);
  ok(takeAll(shares, few).every((count) => count > 0));
  equal(shares.take("10.0.0.1"), null);
});

Deno.test("address shares: what is given back can be taken again, once", () => {
  const shares = new AddressShares(2);
  const back = shares.take("10.0.0.1")!;
  equal(shares.take("10.0.0.1"), null);
  back();
  back();
  ok(shares.take("10.0.0.1") !== null);
  equal(shares.take("10.0.0.1"), null);
  ok(shares.take("10.0.0.2") !== null);
  equal(shares.take("10.0.0.3"), null, "nothing is free");
});

Deno.test("address shares: a network of IPv6 is one address, in any spelling", () => {
  const shares = new AddressShares(4);
  equal(takeAll(shares, ["2001:db8::1", "2001:db8:0:0:1::2"]), [1, 1]);
  equal(takeAll(shares, ["2001:db8:0:1::1"]), [1]);
  equal(takeAll(shares, ["::ffff:10.0.0.1", "10.0.0.1"]), [1, 0]);
});
