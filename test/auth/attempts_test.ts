import { Attempts } from "../../src/auth/attempts.ts";
import { AuthManager } from "../../src/auth/mod.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { equal, match, ok } from "../support/assert.ts";
import { answer, digestLogin, internalUser, login, options, request } from "./support.ts";

const guess = (n: number, ip = "127.0.0.1") => request({ ip, credentials: login("bob", `guess ${n}`) });
const fails = (attempts: Attempts, count: number, now: number, ip?: string) => {
  for (let i = 0; i < count; i++) attempts.failed(guess(i, ip), "", now);
};
const waits = (attempts: Attempts, asked: ReturnType<typeof request>, now: number) => {
  const turn = attempts.turn(asked, "", now);
  return turn.kind === "check" ? turn.waitMs : turn.reason;
};

Deno.test("attempts: some mistakes are free, then new guesses of that address wait", () => {
  const attempts = new Attempts();
  fails(attempts, 10, 0);
  equal(waits(attempts, guess(100), 0), 0);
  equal(attempts.extraDelayMs("127.0.0.1", 0), 0);
  fails(attempts, 2, 0);
  equal(waits(attempts, guess(100), 0), 0, "the first of them is checked at once");
  equal(waits(attempts, guess(101), 0), 1000, "the next one in its turn");
  equal(waits(attempts, guess(102), 0), 2000);
  equal(attempts.extraDelayMs("127.0.0.1", 0), 1000);
  equal(waits(attempts, guess(100, "127.0.0.2"), 0), 0, "others are not concerned");
  equal(waits(attempts, request(), 0), 0, "nor are those who have given nothing");
});

Deno.test("attempts: a queue that is too long is refused, and does not grow by that", () => {
  const attempts = new Attempts();
  fails(attempts, 25, 0);
  const turns = Array.from({ length: 100 }, (_, i) => waits(attempts, guess(100 + i), 0));
  equal(turns.slice(0, 6), [0, 2000, 4000, 6000, 8000, "authentication failed too often from this address"]);
  equal(new Set(turns.slice(5)).size, 1);
  equal(waits(attempts, guess(300), 10_000), 0);
});

Deno.test("attempts: they are forgotten, however many there were", () => {
  const attempts = new Attempts();
  fails(attempts, 10_000, 0);
  ok(attempts.extraDelayMs("127.0.0.1", 0) > 0);
  equal(waits(attempts, guess(9999), 0), "authentication failed, as a moment ago");
  equal(attempts.extraDelayMs("127.0.0.1", 90_000), 0);
  equal(waits(attempts, guess(1), 90_000), 0);
  equal(waits(attempts, guess(2), 90_000), 0);
});

Deno.test("attempts: who was right lately does not wait for others behind the same address", () => {
  const attempts = new Attempts();
  const right = request({ credentials: login("pat", "right") });
  attempts.succeeded(right, "", 0);
  fails(attempts, 25, 0);
  for (let i = 0; i < 50; i++) waits(attempts, guess(100 + i), 0);
  equal(waits(attempts, right, 0), 0);
  equal(waits(attempts, { ...right, path: "other" }, 0), 0);
  match(String(waits(attempts, request({ ip: "127.0.0.2", credentials: right.credentials }), 0)), /^0$/);
  match(String(waits(attempts, request({ credentials: login("pat", "right ") }), 0)), /too often/);
});

Deno.test("attempts: who was wrong a moment ago is refused at once, for that path only", () => {
  const attempts = new Attempts();
  fails(attempts, 12, 0);
  equal(waits(attempts, guess(11), 0), "authentication failed, as a moment ago");
  equal(waits(attempts, { ...guess(11), path: "other" }, 0), 0);
  equal(waits(attempts, guess(11), 31_000), 0, "it may be right now");
});

Deno.test("attempts: answers to a challenge are neither right nor wrong for long", () => {
  const attempts = new Attempts();
  const asked = request({ credentials: digestLogin("bob", "x") });
  for (let i = 0; i < 12; i++) attempts.failed(asked, "", 0);
  attempts.succeeded(asked, "", 0);
  equal(waits(attempts, asked, 0), 0);
  equal(waits(attempts, asked, 0), 1000);
});

Deno.test("attempts: guesses that all come before the first answer are limited, too", () => {
  const attempts = new Attempts();
  const ends: (() => void)[] = [];
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const turn = attempts.turn(guess(i), "", 0);
    if (turn.kind === "refuse") refused++;
    else ends.push(attempts.begin("127.0.0.1"));
  }
  ok(refused > 980 && refused <= 1000, `${refused} were refused`);
  for (const end of ends) end();
  equal(waits(attempts, guess(4000), 10_000), 0);
});

Deno.test("attempts: networks of IPv6, and IPv4 in it", () => {
  const attempts = new Attempts();
  fails(attempts, 12, 0, "2001:db8:1:2:3::1");
  fails(attempts, 11, 0, "::ffff:198.51.100.7");
  ok(attempts.extraDelayMs("2001:db8:1:2:ffff::", 0) > 0);
  equal(attempts.extraDelayMs("2001:db8:1:3::1", 0), 0);
  ok(attempts.extraDelayMs("::ffff:198.51.100.7", 0) > 0);
  equal(attempts.extraDelayMs("::ffff:198.51.100.8", 0), 0);
});

Deno.test("attempts: only so many addresses are remembered, the newest", () => {
  const attempts = new Attempts();
  for (let i = 0; i < 10_000; i++) fails(attempts, 12, 0, `10.0.${i >> 8}.${i & 255}`);
  equal(attempts.extraDelayMs("10.0.0.0", 0), 0);
  ok(attempts.extraDelayMs(`10.0.${9999 >> 8}.${9999 & 255}`, 0) > 0);
});

Deno.test("attempts: a flood of guesses asks the server little, and the right password still works", async () => {
  let asked = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    asked++;
    const { user, password } = await request.json();
    return new Response(null, { status: user === "pat" && password === "right" ? 200 : 401 });
  });
  const authHTTPAddress = `http://127.0.0.1:${server.addr.port}/`;
  let now = 0;
  const given = options({ authMethod: "http", authHTTPAddress });
  const auth = new AuthManager(given, silentLogger, () => 0, () => now);
  const right = request({ credentials: login("pat", "right") });
  equal(await answer(auth, right), "let in as pat");
  for (let i = 0; i < 12; i++) await answer(auth, guess(i));
  equal(asked, 13);
  for (let i = 0; i < 100; i++) match(await answer(auth, guess(11)), /a moment ago$/);
  equal(asked, 13);
  equal(await answer(auth, right), "let in as pat");
  // Turns that come later are refused by closing; the others were too many.
  const flood = Array.from({ length: 50 }, (_, i) => answer(auth, guess(100 + i)));
  match(await flood[49], /too often from this address$/);
  equal(await answer(auth, right), "let in as pat");
  now += 120_000;
  equal(
    await answer(auth, request({ credentials: login("pat", "right"), ip: "127.0.0.1" })),
    "let in as pat",
  );
  await auth.close();
  ok((await Promise.all(flood)).every((text) => text.startsWith("refused: ")));
  // Four more have their turns while the test is held up.
  ok(asked <= 21, `asked ${asked} times`);
  await server.shutdown();
});

Deno.test("attempts: missing permissions and servers that fail are nobody's guess", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return new Response(null, { status: 500 });
  });
  const authHTTPAddress = `http://127.0.0.1:${server.addr.port}/`;
  const auth = new AuthManager(options({ authMethod: "http", authHTTPAddress }), silentLogger, () => 0);
  for (let i = 0; i < 30; i++) equal(await answer(auth, guess(i)), "refused: server replied with code 500");
  await auth.close();
  await server.shutdown();
});

Deno.test("attempts: the delay of refusals grows", async () => {
  const users = [internalUser({ user: "bob", pass: "x" })];
  const auth = new AuthManager(options({ authInternalUsers: users }), silentLogger, () => 0.25, () => 0);
  const delays: number[] = [];
  for (let i = 0; i < 12; i++) {
    await auth.authenticate(guess(i)).catch((error) => delays.push(error.delayMs));
  }
  equal(delays, [...new Array(10).fill(1000), 1500, 2000]);
  await auth.close();
});

Deno.test("attempts: what was wrong may be right after a reload", async () => {
  const given = options({ authInternalUsers: [internalUser({ user: "bob", pass: "old" })] });
  const now = 0;
  const auth = new AuthManager(given, silentLogger, () => 0, () => now);
  for (let i = 0; i < 12; i++) await answer(auth, guess(i));
  match(await answer(auth, guess(11)), /a moment ago$/);
  auth.reload({ ...given, authInternalUsers: [internalUser({ user: "bob", pass: "guess 11" })] });
  equal(await answer(auth, guess(11)), "let in as bob");
  await auth.close();
});
