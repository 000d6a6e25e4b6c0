import { CredentialsError, UserError } from "../../src/base/errors.ts";
import { BackOff, maxPauseMs } from "../../src/paths/back_off.ts";
import { fillSourceUrl } from "../../src/paths/source_url.ts";
import { type Attempt, type Connect, Supervisor } from "../../src/paths/supervisor.ts";
import { equal, match, ok } from "../support/assert.ts";
import { heldUpMs, whileHeldUp } from "../support/held_up.ts";

const never = 3_600_000;

/** Without pauses that a test would have to wait for. */
class NoPause extends BackOff {
  taken: number[] = [];
  resets = 0;
  override next(): number {
    this.taken.push(super.next());
    return 0;
  }
  override refused(): number {
    this.taken.push(super.refused());
    return 0;
  }
  override reset(): void {
    super.reset();
    this.resets++;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** A supervisor whose attempts do what the functions say, one after the other; the last for ever. */
function supervise(attempts: readonly Connect[], maxSilenceMs = never) {
  const ends: (string | null)[] = [];
  const backOff = new NoPause(() => 0);
  let count = 0;
  const reached = Promise.withResolvers<void>();
  const supervisor = new Supervisor({
    connect: (attempt) => {
      const connect = attempts[Math.min(count++, attempts.length - 1)];
      if (count === attempts.length) reached.resolve();
      return connect(attempt);
    },
    maxSilenceMs: () => maxSilenceMs,
    onEnd: (failure) => void ends.push(failure),
    backOff,
  });
  return { supervisor, ends, backOff, reachedLast: reached.promise };
}

const stay = (attempt: Attempt) => {
  attempt.running();
  return aborted(attempt.signal);
};
const refused = () => Promise.reject(new UserError("connection refused"));

Deno.test("back-off: doubles up to its ceiling, is shortened by chance, begins anew", () => {
  const steady = new BackOff(() => 0);
  equal(Array.from({ length: 6 }, () => steady.next()), [500, 1000, 2000, 4000, 5000, maxPauseMs]);
  steady.reset();
  equal(steady.next(), 500);
  equal(new BackOff(() => 1).next(), 350);
});

Deno.test("supervisor: failures and orderly ends are followed by another attempt", async () => {
  const { supervisor, ends, backOff, reachedLast } = supervise([refused, refused, async () => {}, stay]);
  equal(supervisor.status, { state: "idle", lastError: null, lastErrorAt: null, attempts: 0 });
  supervisor.start();
  equal(supervisor.status.state, "connecting");
  await reachedLast;
  equal(ends, ["connection refused", "connection refused", "the peer has ended the connection"]);
  equal(backOff.taken, [500, 1000, 2000]);
  const { state, lastError, lastErrorAt, attempts } = supervisor.status;
  equal([state, lastError, attempts], ["running", "the peer has ended the connection", 4]);
  ok(lastErrorAt !== null);
  await supervisor.stop();
  equal(supervisor.status.state, "idle");
  equal(ends.at(-1), null);
});

Deno.test("supervisor: refused credentials are tried again after long, unless it is started anew", async () => {
  const wrong = () => Promise.reject(new CredentialsError("bad status code: 401"));
  const { supervisor, backOff, reachedLast } = supervise([wrong, wrong, refused, wrong, wrong, wrong, stay]);
  supervisor.start();
  await reachedLast;
  equal(backOff.taken, [10_000, 20_000, 500, 40_000, 60_000, 60_000]);
  await supervisor.stop();
  supervisor.start();
  equal(backOff.refused(), 0);
  equal(backOff.taken.at(-1), 10_000);
  await supervisor.stop();
});

Deno.test("supervisor: stop waits until everything is released, and the next start for that too", async () => {
  const log: string[] = [];
  let count = 0;
  const released = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const supervisor = new Supervisor({
    connect: async ({ signal }) => {
      const name = ++count;
      log.push(`${name} begins`);
      if (name === 2) began.resolve();
      await aborted(signal);
      if (name === 1) await released.promise;
      log.push(`${name} has ended`);
    },
    maxSilenceMs: () => never,
    onEnd: () => {},
  });
  supervisor.start();
  await Promise.resolve();
  const stopped = supervisor.stop();
  supervisor.start();
  log.push("started again");
  released.resolve();
  await stopped;
  await began.promise;
  await supervisor.stop();
  equal(log, ["1 begins", "started again", "1 has ended", "2 begins", "2 has ended"]);
});

Deno.test("supervisor: a stop right after the start begins nothing, a second start is no second loop", async () => {
  const { supervisor, ends } = supervise([stay]);
  supervisor.start();
  const stopped = supervisor.stop();
  await stopped;
  equal([supervisor.status.attempts, ends], [0, []]);
  supervisor.start();
  supervisor.start();
  await Promise.resolve();
  await supervisor.stop();
  equal(supervisor.status.attempts, 1);
});

Deno.test("supervisor: silence ends an attempt", async () => {
  const { supervisor, ends, reachedLast } = supervise([({ signal }) => aborted(signal), stay], 30);
  supervisor.start();
  await reachedLast;
  equal(ends, ["nothing received within 0 s"]);
  await supervisor.stop();
});

Deno.test("supervisor: what comes in keeps an attempt alive", async () => {
  let fed = 0;
  const { supervisor, ends, reachedLast } = supervise([
    async (attempt) => {
      const timer = setInterval(() => {
        attempt.received();
        if (++fed === 30) clearInterval(timer);
      }, 20);
      await aborted(attempt.signal);
      clearInterval(timer);
    },
    stay,
  ], 400);
  supervisor.start();
  await reachedLast;
  equal(fed, 30);
  match(ends[0] ?? "", /^nothing received for 0.4 s$/);
  await supervisor.stop();
});

Deno.test("supervisor: a defect is told with its stack, but not to the API", async () => {
  const { supervisor, ends, reachedLast } = supervise([
    () => Promise.reject(new TypeError("x is no y")),
    stay,
  ]);
  supervisor.start();
  await reachedLast;
  match(ends[0] ?? "", /^unexpected: TypeError: x is no y\n +at /);
  equal(supervisor.status.lastError, "unexpected: TypeError: x is no y");
  await supervisor.stop();
});

Deno.test("source URL: groups, long numbers first, and the query", () => {
  const groups = ["all", "one", "two"];
  const cases: [string, string][] = [
    ["rtsp://host/$G1/$G2", "rtsp://host/one/two"],
    ["rtsp://host:$G1", "rtsp://host:one"],
    ["rtsp://host/$G12", "rtsp://host/one2"],
    ["rtsp://host/$G3", "rtsp://host/$G3"],
    ["rtsp://host/$G0", "rtsp://host/$G0"],
    ["rtsp://host/x?$MTX_QUERY", "rtsp://host/x?a=1&b=%0D%0Ac%20d"],
    ["rtsp://host/plain", "rtsp://host/plain"],
  ];
  for (const [source, filled] of cases) equal(fillSourceUrl(source, groups, "a=1&b=\r\nc d"), filled);
  equal(fillSourceUrl("udp://$G11:1", ["", ..."abcdefghijk"], ""), "udp://k:1");
});

Deno.test("supervisor: who was held up reads what has arrived before the source is taken for silent", async () => {
  const began = Promise.withResolvers<Attempt>();
  const { supervisor } = supervise([async (attempt) => {
    began.resolve(attempt);
    await aborted(attempt.signal);
  }], heldUpMs / 2);
  supervisor.start();
  const attempt = await began.promise;
  const wasAborted = await whileHeldUp((arrived) => arrived.then(() => attempt.signal.aborted));
  equal(wasAborted, false);
  await supervisor.stop();
});
