import { createLogger } from "../../src/base/logger.ts";
import type { Party } from "../../src/hooks/mod.ts";
import { maxLineLength, maxLinesPerSecond } from "../../src/hooks/command/output.ts";
import { HookProcess } from "../../src/hooks/command/process.ts";
import { CommandRunner, maxFreshOneShots } from "../../src/hooks/command/runner.ts";
import { equal, match, ok } from "../support/assert.ts";
import { confOf, pathConf } from "../paths/support.ts";
import { lives, ScriptFolder, TestHooks, until } from "./support.ts";

const publisher: Party = { type: "rtspSession", id: "11111111-0000-4000-8000-000000000000" };
const reader: Party = { type: "srtConn", id: "22222222-0000-4000-8000-000000000000" };

Deno.test("hooks: each has its variables, and what ends it has the same", async () => {
  await using folder = new ScriptFolder();
  const variables = folder.script(
    `echo "$1 $(env | grep -E '^(MTX_|RTSP_|G[0-9])' | sort | tr '\\n' ' ')" >> ${folder.log}`,
  );
  const of = (name: string) => `${variables} ${name}`;
  const keys = ["Demand", "UnDemand", "Available", "Unavailable", "Online", "Offline", "Read", "Unread"];
  const segment = { runOnRecordSegmentCreate: of("create"), runOnRecordSegmentComplete: of("complete") };
  const entry = { ...Object.fromEntries(keys.map((key) => [`runOn${key}`, of(key)])), ...segment };
  await using test = TestHooks.of({ "~^cam/(.+)$": entry }, {
    rtspAddress: "127.0.0.1:8654",
    runOnConnect: of("connect"),
    runOnDisconnect: of("disconnect"),
  });
  const said = async (action: () => void) => {
    const before = folder.lines.length;
    action();
    return (await folder.has(before + 1))[before].trim();
  };
  const path = test.path("cam/1", ["cam/1", "1"], "~^cam/(.+)$");
  const base = "G1=1 MTX_PATH=cam/1";
  const rtsp = "RTSP_PATH=cam/1 RTSP_PORT=8654";
  equal(
    await said(() => path.demand.start("a=b&c=ü d")),
    `Demand ${base} MTX_QUERY=a%3Db%26c%3D%C3%BC+d ${rtsp}`,
  );
  equal(await said(() => path.demand.stop("x")), `UnDemand ${base} MTX_QUERY=a%3Db%26c%3D%C3%BC+d ${rtsp}`);
  const source = `MTX_QUERY=q MTX_SOURCE_ID=${publisher.id} MTX_SOURCE_TYPE=rtspSession`;
  let end = () => {};
  equal(await said(() => end = path.available(null, "")), `Available ${base} MTX_QUERY= ${rtsp}`);
  equal(await said(() => end()), `Unavailable ${base} MTX_QUERY= ${rtsp}`);
  equal(await said(() => end = path.online(publisher, "q")), `Online ${base} ${source} ${rtsp}`);
  equal(await said(() => end()), `Offline ${base} ${source} ${rtsp}`);
  const reading = `MTX_QUERY= MTX_READER_ID=${reader.id} MTX_READER_TYPE=srtConn`;
  equal(await said(() => end = path.reading(reader, "")), `Read ${base} ${reading} ${rtsp}`);
  equal(await said(() => end()), `Unread ${base} ${reading} ${rtsp}`);
  const file = "MTX_SEGMENT_PATH=./rec/a b.mp4";
  let complete = (_: number) => {};
  equal(await said(() => complete = path.segment("./rec/a b.mp4")), `create ${base} ${file} ${rtsp}`);
  equal(await said(() => complete(1.5)), `complete ${base} MTX_SEGMENT_DURATION=1.5 ${file} ${rtsp}`);
  const id = reader.id;
  const conn = { type: "rtmpConn", id, remote: { ip: "::1", port: 9 }, logger: test.logger } as const;
  const variablesOfConn = `MTX_CONN_ID=${id} MTX_CONN_TYPE=rtmpConn RTSP_PORT=8654`;
  equal(await said(() => end = test.hooks.connected(conn)), `connect ${variablesOfConn}`);
  equal(await said(() => end()), `disconnect ${variablesOfConn}`);
  end();
  path.close();
  test.graceMs = 20_000;
});

Deno.test("hooks: what the network says is text of one argument, whatever it is", async () => {
  await using folder = new ScriptFolder();
  const show = folder.script(`for each in "$@"; do echo "[$each]" >> ${folder.log}; done`);
  const attack =
    `x; touch ${folder.path}/bad $(touch ${folder.path}/bad) \`touch ${folder.path}/bad\` ' " \\ \n&|>y`;
  const inShell = `sh -c "echo $MTX_QUERY >> ${folder.log}"`;
  await using test = TestHooks.of({
    cam: { runOnRead: `${show} $MTX_QUERY '\${MTX_QUERY}' a${"$"}MTX_PATH`, runOnUnread: inShell },
  });
  const path = test.path("cam");
  const end = path.reading(reader, attack);
  const [first, second, third] = await folder.has(3);
  equal(first, second);
  match(first, /^\[x%3B\+touch\+[A-Za-z0-9%._+-]+%3Ey\]$/);
  equal(third, "[acam]");
  end();
  equal((await folder.has(4))[3], first.slice(1, -1));
  path.close();
  equal([...Deno.readDirSync(folder.path)].filter(({ name }) => name === "bad"), []);
});

Deno.test("hooks: a command is started again until it is stopped; its exit code is told", async () => {
  await using folder = new ScriptFolder();
  const failing = folder.script(`echo run >> ${folder.log}; exit 3`);
  await using test = TestHooks.of(
    { cam: { runOnInit: failing, runOnInitRestart: true }, once: { runOnInit: failing } },
    {},
    { restartPauseMs: 5 },
  );
  const path = test.path("cam");
  await folder.has(3);
  path.close();
  ok(test.lines.includes("info [path cam] runOnInit command exited: command exited with code 3"));
  await until(() => test.lines.includes("info [path cam] runOnInit command stopped"), () => "stopped");
  const once = test.path("once");
  await test.logged(/\[path once\] runOnInit command exited: command exited with code 3/);
  once.close();
  const after = folder.lines.length;
  const last = test.path("once");
  await folder.has(after + 1);
  last.close();
  equal(folder.lines.length, after + 1);
});

Deno.test("hooks: what cannot be started is told, and tried again only when asked to", async () => {
  await using test = TestHooks.of({
    a: { runOnInit: "/nowhere/to/be found" },
    b: { runOnInit: "surely-not-in-path" },
    c: { runOnInit: "sh -c 'open" },
    d: { runOnInit: "''" },
  });
  const paths = ["a", "b", "c", "d"].map((name) => test.path(name));
  await test.logged(/error \[path a\] runOnInit command exited: \/nowhere\/to\/be: no such program/);
  await test.logged(/error \[path b\] runOnInit command exited: surely-not-in-path: not found in PATH/);
  await test.logged(/error \[path c\] runOnInit command exited: Unterminated single-quoted string/);
  await test.logged(/error \[path d\] runOnInit command exited: the command is empty/);
  for (const path of paths) path.close();
});

Deno.test("hooks: SIGINT reaches all that the command has started", async () => {
  await using folder = new ScriptFolder();
  const parent = folder.script(
    `echo $$ >> ${folder.log}; sh -c 'echo $$ >> ${folder.log}; exec sleep 600'; true`,
  );
  await using test = TestHooks.of({ cam: { runOnAvailable: parent } });
  const path = test.path("cam");
  const end = path.available(publisher, "");
  const pids = (await folder.has(2)).map(Number);
  ok(pids.every(lives));
  end();
  await until(() => !pids.some(lives), () => `the end of ${pids}`);
  path.close();
});

Deno.test("hooks: a SIGINT that is lost while a command begins is sent again", async () => {
  await using folder = new ScriptFolder();
  const deaf = folder.script(
    `trap 'trap - INT' INT; echo $$ >> ${folder.log}; while :; do sleep 0.02; done`,
  );
  await using test = TestHooks.of({ cam: { runOnAvailable: deaf } });
  const path = test.path("cam");
  const end = path.available(publisher, "");
  const [pid] = (await folder.has(1)).map(Number);
  end();
  await until(() => !lives(pid), () => `the end of ${pid}`);
  path.close();
});

Deno.test("hooks: what ignores SIGINT is killed at the end, with its children, and holds up nobody", async () => {
  await using folder = new ScriptFolder();
  const stubborn = folder.script(
    `trap '' INT; echo $$ >> ${folder.log}; sh -c 'echo $$ >> ${folder.log}; exec sleep 600'; sleep 600`,
  );
  const append = folder.append();
  const test = TestHooks.of({
    cam: { runOnAvailable: stubborn, runOnUnavailable: stubborn, runOnRead: `${append} read` },
  });
  const path = test.path("cam");
  const end = path.available(publisher, "");
  await folder.has(2);
  end();
  await folder.has(4);
  const pids = folder.lines.map(Number);
  path.reading(reader, "")();
  const reading = path.reading(reader, "");
  equal((await folder.has(5))[4], "read");
  reading();
  path.close();
  ok(pids.every(lives), "nobody is killed while the server runs");
  await test.hooks.close(2000);
  await until(() => !pids.some(lives), () => `the end of ${pids}`);
  ok(test.lines.includes("info waiting for running hooks"));
  ok(test.lines.includes("warn 2 commands of hooks did not end in time and are killed"));
});

Deno.test("hooks: a thousand events at once, with commands that hang among them", async () => {
  await using folder = new ScriptFolder();
  const append = folder.append();
  const hanging = folder.script("exec sleep 600");
  await using test = TestHooks.of({
    cam: { runOnUnread: `${append} $MTX_QUERY` },
    slow: { runOnUnread: hanging },
  });
  const slow = test.path("slow");
  for (let i = 0; i < maxFreshOneShots; i++) slow.reading(reader, "")();
  const path = test.path("cam");
  const count = 1000;
  for (let i = 0; i < count; i++) path.reading(reader, String(i))();
  const lines = await folder.has(count);
  equal(new Set(lines).size, count);
  path.close();
  slow.close();
});

Deno.test("hooks: a changed command begins anew, others go on", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo "$1 $$" >> ${folder.log}; exec sleep 600`);
  await using test = TestHooks.of({
    cam: { runOnAvailable: `${run} available`, runOnOnline: `${run} online` },
  });
  const path = test.path("cam");
  const ends = [path.online(publisher, ""), path.available(publisher, "")];
  const [online, available] = (await folder.has(2)).sort().reverse().map((line) =>
    Number(line.split(" ")[1])
  );
  const after = { runOnAvailable: `${run} changed`, runOnOnline: `${run} online`, runOnOnlineRestart: true };
  path.update(pathConf("cam", after));
  match((await folder.has(3))[2], /^changed/);
  await until(() => !lives(available), () => "the end of the old command");
  ok(lives(online));
  path.update(pathConf("cam", { ...after, runOnOnline: "" }));
  await until(() => !lives(online), () => "the end of the command that is gone");
  for (const end of ends) end();
  path.close();
});

Deno.test("hooks: commands of connections follow the configuration, too", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo "$1" >> ${folder.log}; exec sleep 600`);
  await using test = TestHooks.of({}, { runOnConnect: `${run} one` });
  const remote = { ip: "10.0.0.1", port: 1 };
  const gone = test.hooks.connected({ type: "rtspConn", id: "x", remote, logger: test.logger });
  await folder.has(1);
  test.hooks.reload(confOf({}, { runOnConnect: `${run} two` }));
  equal(await folder.has(2), ["one", "two"]);
  gone();
});

Deno.test("hooks: what commands write becomes lines of the log, cut and counted", async () => {
  await using folder = new ScriptFolder();
  const chatty = folder.script(
    `printf 'one\\rtwo\\n'; echo three >&2; head -c 5000 /dev/zero | tr '\\0' x; echo; seq 1000; printf end`,
  );
  const lines: string[] = [];
  const process = new HookProcess(chatty, {}, createLogger((_level, line) => lines.push(line), () => true));
  equal((await process.ended).code, 0);
  await process.released;
  ok(lines.includes("one") && lines.includes("two") && lines.includes("three"));
  ok(lines.includes(`${"x".repeat(maxLineLength)}…`));
  ok(lines.length < 1000 && lines.length >= maxLinesPerSecond);
  match(lines.at(-1)!, /^(\(\d+ more lines\)|end)$/);
});

Deno.test("hooks: at the end nothing begins any more, neither what waits for its turn nor what comes later", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo $$ >> ${folder.log}; exec sleep 600`);
  const { logger, lines } = new TestHooks(confOf({}));
  const runner = new CommandRunner({ logger });
  const command = { name: "runOnUnread", line: run, environment: () => ({}), logger };
  for (let i = 0; i < maxFreshOneShots + 1; i++) runner.launch(command);
  await runner.close(0);
  runner.launch(command);
  equal(runner.size, 0);
  ok(lines.some((line) => /commands of hooks were not launched any more/.test(line)));
  equal(folder.lines.map(Number).filter(lives), []);
});

Deno.test("hooks: what is not to be started again any more is not, even when it waits for that", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo $MTX_PATH >> ${folder.log}`);
  const entry = { runOnInit: run, runOnInitRestart: true };
  await using test = TestHooks.of({ cam: entry, other: entry }, {}, { restartPauseMs: 100 });
  // In the pause, however late the test is told of it.
  const updated = Promise.withResolvers<void>();
  test.onLine = (line) => {
    if (!/\[path cam\] runOnInit command exited/.test(line)) return;
    setTimeout(() => {
      path.update(pathConf("cam", { ...entry, runOnInitRestart: false }));
      updated.resolve();
    }, 0);
  };
  const path = test.path("cam");
  await updated.promise;
  const other = test.path("other");
  equal((await folder.has(4)).slice(0, 4), ["cam", "other", "other", "other"]);
  path.close();
  other.close();
});

Deno.test("hooks: a changed address of the RTSP server is what the next commands see", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo "$1 $RTSP_PORT" >> ${folder.log}`);
  const entries = { cam: { runOnUnread: `${run} unread` } };
  const globals = (port: number) => ({ rtspAddress: `:${port}`, runOnDisconnect: `${run} gone` });
  await using test = TestHooks.of(entries, globals(8554));
  const path = test.path("cam");
  const end = path.reading(reader, "");
  const remote = { ip: "10.0.0.1", port: 1 };
  const gone = test.hooks.connected({ type: "rtspConn", id: "x", remote, logger: test.logger });
  test.hooks.reload(confOf(entries, globals(9554)));
  end();
  gone();
  equal((await folder.has(2)).sort(), ["gone 9554", "unread 9554"]);
  path.close();
});
