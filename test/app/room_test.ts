import { type Room, room } from "../../src/app/room.ts";
import { Services } from "../../src/app/services.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { type Conf, type ConfControl, defaultConf } from "../../src/conf/mod.ts";
import { equal, rejects } from "../support/assert.ts";

function servicesWith(conf: Partial<Conf>): Services {
  const unused = () => Promise.reject(new Error("not in this test"));
  const control = { edit: unused, reload: unused } as unknown as ConfControl;
  return new Services({ ...defaultConf(), ...conf }, silentLogger, control);
}

/** A row that tells how often its code was asked for. */
function counted(load: Room["load"] = () => Promise.resolve(() => ({ close: () => {} }))) {
  const counter = { loads: 0 };
  const row = room({
    name: "HLS",
    isOn: ({ hls }) => hls,
    shows: ["hlsmuxers", "hlssessions"],
    load: () => {
      counter.loads++;
      return load();
    },
  });
  return { row, counter };
}

Deno.test("room: what is switched off is not loaded, and shows nothing", async () => {
  const { row, counter } = counted();
  const services = servicesWith({ hls: false });
  services.show({ hlsmuxers: { list: () => [] } });
  equal(await row.start(services), undefined);
  equal(counter.loads, 0);
  equal(Object.entries(services.clients), [["hlsmuxers", undefined], ["hlssessions", undefined]]);
});

Deno.test("room: is loaded and started with the services once a change switches it on", async () => {
  const given: Services[] = [];
  const { row, counter } = counted(() =>
    Promise.resolve((services) => {
      given.push(services);
      return { close: () => {} };
    })
  );
  const services = servicesWith({ hls: false });
  equal(await row.start(services), undefined);
  services.conf = { ...services.conf, hls: true };
  equal(typeof (await row.start(services))?.close, "function");
  equal(counter.loads, 1);
  equal(given, [services]);
});

Deno.test("room: code that cannot be loaded is an error of the start", async () => {
  const { row } = counted(() => Promise.reject(new TypeError("no such module")));
  await rejects(Promise.resolve(row.start(servicesWith({ hls: true }))), /no such module/);
});
