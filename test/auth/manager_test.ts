import {
  type AuthAction,
  AuthError,
  AuthManager,
  type AuthRequest,
  type Credentials,
  type InternalUser,
} from "../../src/auth/mod.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { equal, ok } from "../support/assert.ts";
import { digestLogin, internalUser, login, options, recordingLogger, request, sha256 } from "./support.ts";

const argon2Pass =
  "argon2:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

function manager(users: readonly InternalUser[], random = () => 0.5): AuthManager {
  return new AuthManager(options({ authInternalUsers: users }), silentLogger, random);
}

/** What came out: `let in as u`, `challenge` or `refused`. */
async function outcome(auth: AuthManager, asked: AuthRequest): Promise<string> {
  try {
    return `let in as ${(await auth.authenticate(asked)).user}`;
  } catch (error) {
    ok(error instanceof AuthError);
    equal(error.message, `failed to authenticate: ${error.reason}`);
    return error.challenge ? "challenge" : "refused";
  }
}

async function withManager(
  users: readonly InternalUser[],
  test: (ask: (overrides?: Partial<AuthRequest>) => Promise<string>) => Promise<void>,
): Promise<void> {
  const auth = manager(users);
  try {
    await test((overrides) => outcome(auth, request(overrides)));
  } finally {
    await auth.close();
  }
}

const kinds: readonly [kind: string, user: string, pass: string][] = [
  ["plain", "bob", "password"],
  ["sha256 password", "bob", sha256("password")],
  ["sha256 user", sha256("bob"), "password"],
  ["sha256 both", sha256("bob"), sha256("password")],
  ["argon2 password", "bob", argon2Pass],
  ["argon2 password, sha256 user", sha256("bob"), argon2Pass],
];

Deno.test("auth: every kind of stored credential", async () => {
  for (const [kind, user, pass] of kinds) {
    await withManager([internalUser({ user, pass })], async (ask) => {
      equal(await ask({ credentials: login("bob", "password") }), "let in as bob", kind);
      equal(await ask({ credentials: login("bob", "Password") }), "refused", kind);
      equal(await ask({ credentials: login("bob", "password ") }), "refused", kind);
      equal(
        await ask({ credentials: login("bob", pass) }),
        pass === "password" ? "let in as bob" : "refused",
        kind,
      );
      equal(await ask({ credentials: login("bob", "") }), "refused", kind);
      equal(await ask({ credentials: login("rob", "password") }), "refused", kind);
      equal(await ask({ credentials: login("", "password") }), "refused", kind);
      equal(await ask(), "challenge", kind);
    });
  }
});

Deno.test("auth: argon2 user name", async () => {
  await withManager([internalUser({ user: argon2Pass, pass: "x" })], async (ask) => {
    equal(await ask({ credentials: login("password", "x") }), "let in as password");
    equal(await ask({ credentials: login("password", "y") }), "refused");
    equal(await ask({ credentials: login("bob", "x") }), "refused");
  });
});

Deno.test("auth: digest works with plain credentials only", async () => {
  for (const [kind, user, pass] of kinds) {
    await withManager([internalUser({ user, pass })], async (ask) => {
      const expected = kind === "plain" ? "let in as bob" : "refused";
      equal(await ask({ credentials: digestLogin("bob", "password") }), expected, kind);
      equal(await ask({ credentials: digestLogin("bob", "wrong") }), "refused", kind);
      equal(await ask({ credentials: digestLogin("rob", "password") }), "refused", kind);
      equal(
        await ask({ credentials: digestLogin(user, pass) }),
        kind === "plain" ? expected : "refused",
        kind,
      );
    });
  }
});

Deno.test("auth: user any needs nothing and takes everything", async () => {
  await withManager([internalUser()], async (ask) => {
    equal(await ask(), "let in as ");
    equal(await ask({ credentials: login("bob", "whatever") }), "let in as bob");
    equal(await ask({ credentials: digestLogin("bob", "whatever") }), "let in as bob");
  });
});

Deno.test("auth: an empty stored password accepts every password of that user", async () => {
  await withManager([internalUser({ user: "bob", pass: "" })], async (ask) => {
    equal(await ask({ credentials: login("bob", "whatever") }), "let in as bob");
    equal(await ask({ credentials: login("bob", "") }), "let in as bob");
    equal(await ask({ credentials: login("rob", "") }), "refused");
    equal(await ask(), "challenge");
  });
});

Deno.test("auth: addresses and networks", async () => {
  const cases: readonly [ips: string[], ip: string, allowed: boolean][] = [
    [[], "203.0.113.9", true],
    [["127.0.0.1/32", "::1/128"], "127.0.0.1", true],
    [["127.0.0.1/32", "::1/128"], "::1", true],
    [["127.0.0.1/32", "::1/128"], "127.0.0.2", false],
    [["127.0.0.1/32"], "::ffff:127.0.0.1", true],
    [["10.0.0.0/8"], "10.255.0.1", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["fd00::/8"], "fd12::1", true],
    [["0.0.0.0/0"], "::1", false],
    [["0.0.0.0/0"], "not an address", false],
  ];
  for (const [ips, ip, allowed] of cases) {
    await withManager([internalUser({ ips })], async (ask) => {
      equal(await ask({ ip }), allowed ? "let in as " : "challenge", `${ip} in ${ips}`);
    });
  }
});

Deno.test("auth: actions and paths", async () => {
  const cases: readonly [
    permission: [AuthAction, string],
    action: AuthAction,
    path: string,
    allowed: boolean,
  ][] = [
    [["read", ""], "read", "any/thing", true],
    [["read", ""], "publish", "any/thing", false],
    [["read", "cam"], "read", "cam", true],
    [["read", "cam"], "read", "cam1", false],
    [["read", "cam"], "read", "CAM", false],
    [["publish", "~^cam[0-9]+$"], "publish", "cam12", true],
    [["publish", "~^cam[0-9]+$"], "publish", "cam12x", false],
    [["publish", "~^cam[0-9]+$"], "read", "cam12", false],
    [["publish", "~am"], "publish", "camera", true],
    [["playback", "~["], "playback", "[", false],
    [["playback", "cam"], "playback", "cam", true],
    [["api", ""], "api", "", true],
    [["api", "ignored"], "api", "", true],
    [["metrics", "~["], "metrics", "", true],
    [["metrics", ""], "pprof", "", false],
    [["api", ""], "read", "cam", false],
  ];
  for (const [[granted, pattern], action, path, allowed] of cases) {
    await withManager(
      [internalUser({ permissions: [{ action: granted, path: pattern }] })],
      async (ask) => {
        const text = `${granted} '${pattern}' asked for ${action} '${path}'`;
        equal(await ask({ action, path }), allowed ? "let in as " : "challenge", text);
      },
    );
  }
});

Deno.test("auth: a user without permissions may do nothing", async () => {
  await withManager([internalUser({ user: "bob", pass: "x", permissions: [] })], async (ask) => {
    equal(await ask({ credentials: login("bob", "x") }), "refused");
  });
});

Deno.test("auth: a regular expression that would take for ever elsewhere", async () => {
  await withManager([internalUser({ permissions: [{ action: "read", path: "~^(a+)+$" }] })], async (ask) => {
    equal(await ask({ path: "a".repeat(5000) + "!" }), "challenge");
    equal(await ask({ path: "a".repeat(5000) }), "let in as ");
  });
});

Deno.test("auth: an invalid expression is reported", async () => {
  const { lines, logger } = recordingLogger();
  const users = [internalUser({ permissions: [{ action: "read", path: "~[" }] })];
  const auth = new AuthManager(options({ authInternalUsers: users }), logger);
  await auth.close();
  equal(lines, ["warn permission path '~[' is not a valid regular expression, it grants nothing"]);
});

Deno.test("auth: any entry may let in", async () => {
  const users = [
    internalUser({ user: "bob", pass: "x", permissions: [{ action: "publish", path: "cam" }] }),
    internalUser({ user: "bob", pass: "y", ips: ["10.0.0.0/8"] }),
    internalUser({ user: "bob", pass: argon2Pass }),
  ];
  await withManager(users, async (ask) => {
    equal(await ask({ credentials: login("bob", "x"), action: "publish" }), "let in as bob");
    equal(await ask({ credentials: login("bob", "x") }), "refused");
    equal(await ask({ credentials: login("bob", "y") }), "refused");
    equal(await ask({ credentials: login("bob", "y"), ip: "10.1.1.1" }), "let in as bob");
    equal(await ask({ credentials: login("bob", "password") }), "let in as bob");
  });
});

Deno.test("auth: challenge only when nothing was given, and refusals wait", async () => {
  const auth = manager([internalUser({ user: "bob", pass: "x" })], () => 0.25);
  const cases: readonly [credentials: Credentials, challenge: boolean][] = [
    [login("", ""), true],
    [login("bob", ""), false],
    [login("", "y"), false],
    [{ user: "", pass: "", token: "abc" }, false],
    [{ user: "", pass: "", token: "", verify: () => false }, false],
  ];
  for (const [credentials, challenge] of cases) {
    const error = await auth.authenticate(request({ credentials })).catch((error: unknown) => error);
    ok(error instanceof AuthError);
    equal(error.reason, "authentication failed");
    equal(error.challenge, challenge);
    equal(error.delayMs, challenge ? 0 : 1000);
  }
  await auth.close();
});

Deno.test("auth: delays lie between 0 and 4 seconds and differ", async () => {
  const auth = new AuthManager(options({ authInternalUsers: [] }), silentLogger);
  const delays = Array.from({ length: 100 }, () => auth.refusalDelayMs());
  ok(delays.every((delay) => delay >= 0 && delay <= 4000));
  ok(new Set(delays).size > 50);
  await auth.close();
});

Deno.test("auth: secrets are in no error and no log line", async () => {
  const { lines, logger } = recordingLogger();
  const users = [internalUser({ user: "storeduser", pass: "storedsecret" })];
  const auth = new AuthManager(options({ authInternalUsers: users }), logger);
  const credentials = { user: "guessuser", pass: "guesssecret", token: "tokensecret" };
  const error = await auth.authenticate(request({ credentials })).catch((error: unknown) => error);
  ok(error instanceof AuthError);
  const told = `${error} ${error.stack} ${JSON.stringify(error)} ${lines.join()}`;
  for (const secret of ["stored", "guess", "token"]) equal(told.includes(secret), false, secret);
  await auth.close();
});

Deno.test("auth: reload applies at once, also to a password that is being checked", async () => {
  const auth = manager([internalUser({ user: "bob", pass: argon2Pass })]);
  const running = outcome(auth, request({ credentials: login("bob", "password") }));
  auth.reload(options({ authInternalUsers: [internalUser({ user: "bob", pass: "other" })] }));
  equal(await running, "refused");
  equal(await outcome(auth, request({ credentials: login("bob", "other") })), "let in as bob");
  await auth.close();
});
