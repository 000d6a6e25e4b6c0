import { ParseError } from "../../src/base/errors.ts";
import { ipText, parseIp } from "../../src/net/ip.ts";
import { listenAddressText, parseListenAddress } from "../../src/net/listen_address.ts";
import {
  anyNetworkContains,
  networkContains,
  parseNetwork,
  serializeNetwork,
} from "../../src/net/networks.ts";
import { equal, ok, throws } from "../support/assert.ts";

const ips: readonly (readonly [string, string])[] = [
  ["0.0.0.0", "0.0.0.0"],
  ["255.1.2.3", "255.1.2.3"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["0:0:0:1::", "0:0:0:1::"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:0a00:0001", "10.0.0.1"],
  ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
];
for (const [text, canonical] of ips) {
  Deno.test(`IP ${text} is ${canonical}`, () => {
    equal(ipText(parseIp(text)), canonical);
    equal(ipText(parseIp(canonical)), canonical);
  });
}

const noIps = [
  "",
  "1.2.3",
  "1.2.3.4.5",
  "01.2.3.4",
  "256.1.1.1",
  "1.2.3.a",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "12345::",
  "::g",
  "::1.2.3",
  "1.2.3.4::",
  "::1.2.3.4:5",
  "fe80::1%eth0",
  "[::1]",
  " ::1",
];
for (const text of noIps) {
  Deno.test(`'${text}' is no IP`, () => throws(() => parseIp(text), ParseError));
}

const networks: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ["10.1.2.3", "10.1.2.3/32", ["10.1.2.3", "::ffff:10.1.2.3"], ["10.1.2.4", "::1", "", "x"]],
  ["10.1.2.3/8", "10.0.0.0/8", ["10.255.0.1"], ["11.0.0.1"]],
  ["192.168.77.200/26", "192.168.77.192/26", ["192.168.77.192", "192.168.77.255"], ["192.168.77.191"]],
  ["0.0.0.0/0", "0.0.0.0/0", ["8.8.8.8", "::ffff:8.8.8.8"], ["::1"]],
  ["::/0", "::/0", ["::1", "fe80::1"], ["127.0.0.1"]],
  ["::1", "::1/128", ["::1", "0:0::1"], ["::2", "0.0.0.1"]],
  ["fd00:1:2::5/33", "fd00:1::/33", ["fd00:1:7fff::"], ["fd00:1:8000::"]],
  ["::ffff:10.9.9.9/104", "10.0.0.0/8", ["10.1.1.1"], ["11.1.1.1"]],
];
for (const [text, canonical, inside, outside] of networks) {
  Deno.test(`network ${text}`, () => {
    const network = parseNetwork(text);
    equal(serializeNetwork(network), canonical);
    equal(parseNetwork(canonical), network);
    for (const ip of inside) ok(networkContains(network, ip), ip);
    for (const ip of outside) ok(!networkContains(network, ip), ip);
  });
}

for (const text of ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "host"]) {
  Deno.test(`'${text}' is no network`, () => throws(() => parseNetwork(text), ParseError));
}

Deno.test("no networks contain nothing", () => {
  equal(anyNetworkContains([], "127.0.0.1"), false);
  equal(anyNetworkContains([parseNetwork("::1"), parseNetwork("127.0.0.1")], "127.0.0.1"), true);
});

const addresses: readonly (readonly [string, string, number])[] = [
  [":8554", "", 8554],
  ["0.0.0.0:8554", "0.0.0.0", 8554],
  ["localhost:0", "localhost", 0],
  ["[::]:8554", "::", 8554],
  ["[fd00::1]:65535", "fd00::1", 65535],
];
for (const [text, hostname, port] of addresses) {
  Deno.test(`address ${text}`, () => {
    equal(parseListenAddress(text), { hostname, port });
    equal(listenAddressText({ hostname, port }), text);
  });
}

for (const text of ["", "8554", "a:b", "::1:8554", "localhost:", ":65536", ":-1", "[::1]8554"]) {
  Deno.test(`'${text}' is no address`, () => throws(() => parseListenAddress(text), ParseError));
}
