import { verifyArgon2 } from "../../src/auth/argon2.ts";
import { Argon2Checker } from "../../src/auth/argon2_checker.ts";
import { parseArgon2Hash } from "../../src/auth/phc.ts";
import { ParseError } from "../../src/base/errors.ts";
import { equal, ok, rejects, throws } from "../support/assert.ts";

/** Made with the reference implementation: t=2, salt `somesalt`. The first of each variant is in its test suite. */
const vectors: readonly [guess: string, encoded: string][] = [
  ["password", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8"],
  ["password", "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E"],
  ["password", "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$JcTui6RIBUtJ78gE5Hi52CO+H5vS6Z9R1uxAB6OhUB8"],
  ["password", "$argon2d$v=19$m=256,t=2,p=2$c29tZXNhbHQ$e2nJLXw4iarRKB28i678Esw3yA8cdeM+8sLUDCjrxXM"],
  ["password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"],
  ["password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"],
  ["päss日", "$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHQ$2TfRckTdrgug1abVWUqHdNudge9quDRrngHZTpY6BEk"],
];
const encoded = vectors[vectors.length - 2][1];

Deno.test("argon2: every variant and degree of parallelism", async () => {
  for (const [guess, hash] of vectors) {
    equal(await verifyArgon2(hash, guess), true, hash);
    equal(await verifyArgon2(hash, guess + "x"), false, hash);
    equal(await verifyArgon2(hash, ""), false, hash);
  }
});

Deno.test("argon2: padded base64 is accepted", async () => {
  ok(await verifyArgon2(vectors[0][1].replace("c29tZXNhbHQ", "c29tZXNhbHQ=") + "=", "password"));
});

Deno.test("argon2: parsed fields", () => {
  const { variant, memory, iterations, parallelism, salt, hash } = parseArgon2Hash(encoded);
  equal({ variant, memory, iterations, parallelism }, {
    variant: "argon2id",
    memory: 256,
    iterations: 2,
    parallelism: 2,
  });
  equal(new TextDecoder().decode(salt), "somesalt");
  equal(hash.length, 32);
});

Deno.test("argon2: malformed hashes are refused without being repeated", async () => {
  const malformed = [
    "",
    "secretsecret",
    "$argon2x$v=19$m=256,t=2,p=1$c29tZXNhbHQ$secretsecret",
    "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$secretsecret",
    "$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$secretsecret",
    "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$secretsecret",
    "$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$secretsecret",
    "$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$secretsecret",
    "$argon2id$v=19$m=256,t=2,p=1$c2hvcnQ$secretsecret",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$sec!ret!",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$secretsecret$more",
  ];
  await using checker = new Argon2Checker();
  for (const hash of malformed) {
    throws(() => parseArgon2Hash(hash), (error: unknown) => {
      return error instanceof ParseError && !error.message.includes("secret");
    }, hash);
    await rejects(verifyArgon2(hash, "guess"), ParseError, hash);
    equal(await checker.check(hash, "guess"), false, hash);
  }
});

Deno.test("argon2 checker: results are remembered, wrong ones too", async () => {
  await using checker = new Argon2Checker();
  const first = checker.check(encoded, "password");
  ok(first instanceof Promise);
  ok(checker.check(encoded, "password") === first, "clients that come together share one computation");
  equal(await first, true);
  equal(checker.check(encoded, "password"), true);
  equal(await checker.check(encoded, "guess"), false);
  equal(checker.check(encoded, "guess"), false);
  ok(checker.check(encoded, "other") instanceof Promise);
});

Deno.test("argon2 checker: only so many guesses wait, and closing answers them", async () => {
  const checker = new Argon2Checker();
  const answers = Array.from({ length: 100 }, (_, i) => checker.check(encoded, `guess ${i}`));
  equal(answers.filter((answer) => answer instanceof Promise).length, 64);
  equal(answers.filter((answer) => answer === false).length, 36);
  await checker.close();
  equal((await Promise.all(answers)).includes(true), false);
  equal(checker.check(encoded, "password"), false);
});

Deno.test("argon2 checker: works without its thread", async () => {
  await using checker = new Argon2Checker(new URL("./no_such_worker.ts", import.meta.url));
  const answers = [checker.check(encoded, "password"), checker.check(encoded, "guess")];
  equal(await Promise.all(answers), [true, false]);
  equal(await checker.check(encoded, "other"), false);
});
