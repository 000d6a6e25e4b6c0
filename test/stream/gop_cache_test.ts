import { GopCache } from "../../src/stream/gop_cache.ts";
import { Unit } from "../../src/stream/unit.ts";
import { equal } from "../support/assert.ts";
import { createTracks, nal, packet } from "./support.ts";

function factory() {
  const { video, audio } = createTracks();
  let sequence = 0;
  const unit = (key: boolean, size = 10) =>
    Unit.fromPackets(video, 0, 0, [packet(sequence++ & 0xffff, 0, nal(key ? 5 : 1, size))]);
  const sound = () => Unit.fromPackets(audio, 0, 0, [packet(sequence++ & 0xffff, 0, nal(1), true, 97)]);
  return { unit, sound };
}

Deno.test("a cache keeps everything since the last key frame", () => {
  const { unit, sound } = factory();
  const cache = new GopCache();
  const units = [sound(), unit(false), unit(true), sound(), unit(false), unit(true), sound()];
  const sizes = units.map((one) => {
    cache.push(one);
    return cache.units.length;
  });
  equal(sizes, [0, 0, 1, 2, 3, 1, 2]);
  equal(cache.units, units.slice(5));
  cache.clear();
  equal(cache.units, []);
});

Deno.test("a group that is too large is given up until the next key frame", () => {
  const { unit } = factory();
  const cache = new GopCache();
  cache.push(unit(true));
  for (let i = 1; i < 4096; i++) cache.push(unit(false));
  equal(cache.units.length, 4096);
  cache.push(unit(false));
  cache.push(unit(false));
  equal(cache.units.length, 0);
  cache.push(unit(true));
  equal(cache.units.length, 1);
  for (let i = 0; i < 600; i++) cache.push(unit(false, 60_000));
  equal(cache.units.length, 0, "36 MB");
});
