import type { Component, Slot } from "../../src/app/lifecycle.ts";
import { replaceComponents, type WithConf } from "../../src/app/replace.ts";
import { UserError } from "../../src/base/errors.ts";
import { createLogger, silentLogger } from "../../src/base/logger.ts";
import { type Conf, defaultConf } from "../../src/conf/mod.ts";
import { AddressInUseError } from "../../src/net/listen_address.ts";
import { equal, rejects } from "../support/assert.ts";

/** A house whose components listen on addresses that only one of them can have. */
class House {
  readonly events: string[] = [];
  readonly taken = new Map<string, string>();
  readonly slots: Slot<WithConf>[] = [];
  readonly services: WithConf;
  /** Attempts for which an address that was given up is not free yet. */
  lingering = 0;

  constructor(conf: Conf) {
    this.services = { conf };
  }

  /** `broken`: address on which nothing can be started. */
  async add(name: "rtmp" | "hls", broken = ""): Promise<void> {
    const key = `${name}Address` as const;
    const component: Component<WithConf> = {
      name,
      restartOn: [name, key],
      listensOn: [key],
      start: ({ conf }) => {
        if (!conf[name]) return undefined;
        const address = conf[key];
        if (address === broken) throw new UserError(`no ${address}`);
        if (this.taken.get(address) === "nobody" && this.lingering-- <= 0) this.taken.delete(address);
        const holder = this.taken.get(address);
        if (holder !== undefined) {
          throw new AddressInUseError(`${address} is taken`, Number(address.slice(1)));
        }
        this.taken.set(address, name);
        this.events.push(`+${name}${address}`);
        return {
          reload: () => void this.events.push(`~${name}`),
          close: () => {
            if (this.lingering === 0) this.taken.delete(address);
            else this.taken.set(address, "nobody");
            this.events.push(`-${name}${address}`);
          },
        };
      },
    };
    this.slots.push({ component, running: await component.start(this.services) });
  }

  async change(change: Partial<Conf>): Promise<string[]> {
    this.events.length = 0;
    const after = { ...this.services.conf, ...change };
    const { slots, services } = this;
    const { names, closed } = await replaceComponents(
      { slots, services, logger: silentLogger, deadlineMs: 60_000 },
      after,
    );
    await closed;
    return [...names];
  }
}

async function house(broken?: string): Promise<House> {
  const made = new House({ ...defaultConf(), rtmpAddress: ":1", hlsAddress: ":2" });
  await made.add("rtmp");
  await made.add("hls", broken);
  return made;
}

Deno.test("replace: a key that concerns nobody is told to everybody", async () => {
  const { change, events } = bound(await house());
  equal(await change({ readTimeout: 1 }), []);
  equal(events, ["~rtmp", "~hls"]);
});

Deno.test("replace: only the component whose key has changed is replaced, the new one first", async () => {
  const { change, events } = bound(await house());
  equal(await change({ rtmpAddress: ":3" }), ["rtmp"]);
  equal(events, ["+rtmp:3", "~hls", "-rtmp:1"]);
});

Deno.test("replace: switching off and on", async () => {
  const { change, events } = bound(await house());
  await change({ hls: false });
  equal(events, ["~rtmp", "-hls:2"]);
  await change({ hls: true });
  equal(events, ["+hls:2", "~rtmp"]);
});

Deno.test("replace: addresses that change hands", async () => {
  const { change, events } = bound(await house());
  await change({ rtmpAddress: ":2", hlsAddress: ":1" });
  equal(events, ["-hls:2", "+rtmp:2", "-rtmp:1", "+hls:1"]);
});

Deno.test("replace: an address that somebody else has leaves everything as it is", async () => {
  const made = await house();
  const { change, events } = bound(made);
  made.taken.set(":9", "a stranger");
  await rejects(change({ rtmpAddress: ":9", readTimeout: 1 }), /:9 is taken/);
  equal(events, []);
  equal(made.services.conf.rtmpAddress, ":1");
});

Deno.test("replace: what had to stop for others is started again when they fail", async () => {
  const made = await house(":1");
  const { change, events } = bound(made);
  await rejects(change({ rtmpAddress: ":2", hlsAddress: ":1" }), /no :1/);
  equal(events, ["-hls:2", "+rtmp:2", "-rtmp:2", "+hls:2"]);
  equal([...made.taken], [[":1", "rtmp"], [":2", "hls"]]);
  equal(await change({ rtmpAddress: ":5" }), ["rtmp"]);
});

Deno.test("replace: an address that is not free at once is waited for", async () => {
  const made = await house();
  const { change, events } = bound(made);
  made.lingering = 3;
  equal(await change({ rtmp: true, rtmpAddress: ":2", hlsAddress: ":1" }), ["rtmp", "hls"]);
  equal(events, ["-hls:2", "+rtmp:2", "-rtmp:1", "+hls:1"]);
  equal(made.lingering, -2);
});

Deno.test("replace: an address that stays occupied is not waited for without end", async () => {
  const made = await house();
  const { change, events } = bound(made);
  made.lingering = Infinity;
  await rejects(change({ rtmpAddress: ":2", hlsAddress: ":3" }), /:2 is taken/);
  equal(events, ["-hls:2"]);
  equal(made.slots.map(({ running }) => running === undefined), [false, true]);
});

function bound(made: House) {
  return { change: (change: Partial<Conf>) => made.change(change), events: made.events };
}

/** Rows that leave something in the services. */
function leaving(name: string, key: "rtmpAddress" | "hlsAddress", broken = ""): Component<Leaving> {
  return {
    name,
    restartOn: [key],
    start: (services) => {
      if (services.conf[key] === broken) throw new UserError(`no ${broken}`);
      services.left = { ...services.left, [name]: services.conf[key] };
      return { close: () => {} };
    },
  };
}

class Leaving implements WithConf {
  conf = { ...defaultConf(), rtmpAddress: ":1", hlsAddress: ":2" };
  left: Readonly<Record<string, string>> = {};

  remember(): () => void {
    const { left } = this;
    return () => this.left = left;
  }
}

Deno.test("replace: what a replacement has left for others goes with it", async () => {
  const services = new Leaving();
  const slots: Slot<Leaving>[] = [];
  for (const component of [leaving("rtmp", "rtmpAddress"), leaving("hls", "hlsAddress", ":9")]) {
    slots.push({ component, running: await component.start(services) });
  }
  const options = { slots, services, logger: silentLogger, deadlineMs: 60_000 };
  const change = (values: Partial<Conf>) => replaceComponents(options, { ...services.conf, ...values });
  await rejects(change({ rtmpAddress: ":3", hlsAddress: ":9" }), /no :9/);
  equal(services.left, { rtmp: ":1", hls: ":2" });
  await (await change({ rtmpAddress: ":3" })).closed;
  equal(services.left, { rtmp: ":3", hls: ":2" });
});

Deno.test("replace: one that fails to take over a configuration does not keep the others from it", async () => {
  const services = { conf: defaultConf() };
  const told: string[] = [];
  const slots: Slot<WithConf>[] = ["a", "b"].map((name) => ({
    component: { name, start: () => undefined },
    running: {
      reload: () => {
        told.push(name);
        if (name === "a") throw new Error("a defect");
      },
      close: () => {},
    },
  }));
  const lines: string[] = [];
  const logger = createLogger((level, text) => void lines.push(`${level} ${text}`), () => true);
  const options = { slots, services, logger, deadlineMs: 60_000 };
  await (await replaceComponents(options, { ...services.conf, readTimeout: 1 })).closed;
  equal(told, ["a", "b"]);
  equal(lines, ["error a has not taken over the configuration: a defect"]);
});
