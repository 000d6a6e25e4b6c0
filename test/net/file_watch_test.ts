import { createLogger, silentLogger } from "../../src/base/logger.ts";
import { CertificateFiles } from "../../src/net/certificate_files.ts";
import { FileWatch } from "../../src/net/file_watch.ts";
import { createSelfSignedCertificate } from "../../src/net/self_signed.ts";
import { equal } from "../support/assert.ts";

/** Changes that a watch tells, one after the other. */
class Told {
  readonly #waiting: ((path: string) => void)[] = [];
  readonly #told: string[] = [];

  readonly tell = (path: string) => {
    const next = this.#waiting.shift();
    if (next === undefined) this.#told.push(path);
    else next(path);
  };

  next(): Promise<string> {
    const told = this.#told.shift();
    return told === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(told);
  }
}

Deno.test("file watch: written in place, renamed over, removed and made again, link swapped", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/a.yml`;
  await Deno.writeTextFile(file, "1");
  const told = new Told();
  const watch = new FileWatch([file], silentLogger, told.tell);
  // In one step: a file that is emptied first may be told of twice when the machine is slow.
  await Deno.writeTextFile(file, "2", { append: true });
  equal(await told.next(), file);
  await Deno.writeTextFile(`${folder}/b.yml`, "333");
  await Deno.rename(`${folder}/b.yml`, file);
  equal(await told.next(), file);
  await Deno.writeTextFile(`${folder}/c.yml`, "4444");
  await Deno.remove(file);
  await Deno.rename(`${folder}/c.yml`, file);
  equal(await told.next(), file);
  // As a ConfigMap is mounted: the file leads through a link to a folder, which is swapped.
  const mounted = `${folder}/mounted.yml`;
  for (const version of ["v1", "v2"]) {
    await Deno.mkdir(`${folder}/${version}`);
    await Deno.writeTextFile(`${folder}/${version}/mounted.yml`, version);
  }
  await Deno.symlink("v1", `${folder}/..data`);
  await Deno.symlink("..data/mounted.yml", mounted);
  const second = new FileWatch([mounted], silentLogger, told.tell);
  await Deno.symlink("v2", `${folder}/..data_tmp`);
  await Deno.rename(`${folder}/..data_tmp`, `${folder}/..data`);
  equal(await told.next(), mounted);
  equal(await Deno.readTextFile(mounted), "v2");
  await watch.close();
  await second.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("file watch: in a folder where other files change all the time", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/a.yml`;
  await Deno.writeTextFile(file, "1");
  const told = new Told();
  const watch = new FileWatch([file], silentLogger, told.tell);
  let found: string | null = null;
  const change = told.next().then((path) => found = path);
  await Deno.writeTextFile(file, "22");
  const limit = Date.now() + 60_000;
  for (let i = 0; found === null && Date.now() < limit; i++) {
    await Deno.writeTextFile(`${folder}/server.log`, `line ${i}\n`, { append: true });
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  equal(found, file);
  await change;
  await watch.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("certificate files: a new pair is taken over, a pair that does not fit is not", async () => {
  const folder = await Deno.makeTempDir();
  const [certPath, keyPath] = [`${folder}/s.crt`, `${folder}/s.key`];
  const write = async (pair: { certificate: string; key: string }) => {
    await Deno.writeTextFile(`${folder}/new`, pair.certificate);
    await Deno.rename(`${folder}/new`, certPath);
    await Deno.writeTextFile(keyPath, pair.key);
  };
  const first = createSelfSignedCertificate({
    commonName: "localhost",
    notBefore: 0,
    notAfter: Date.now() + 1e9,
  });
  await write(first);
  const told = new Told();
  const files = await CertificateFiles.open(
    certPath,
    keyPath,
    createLogger((level, text) => told.tell(`${level} ${text.split(" after")[0]}`), () => true),
  );
  equal(files.store.current.certificate, first.certificate);
  await Deno.writeTextFile(keyPath, "rubbish");
  equal(await told.next(), "warn certificate not reloaded");
  equal(files.store.current.key, first.key);
  const second = createSelfSignedCertificate({
    commonName: "localhost",
    notBefore: 0,
    notAfter: Date.now() + 1e9,
  });
  await write(second);
  while (await told.next() !== "info certificate reloaded");
  equal(files.store.current.certificate, second.certificate);
  await files.close();
  await Deno.remove(folder, { recursive: true });
});
