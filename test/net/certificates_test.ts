import { X509Certificate } from "node:crypto";
import { CertificateStore, checkCertificate, loadCertificate } from "../../src/net/certificates.ts";
import { createSelfSignedCertificate } from "../../src/net/self_signed.ts";
import { equal, match, ok, rejects, throws } from "../support/assert.ts";

const notBefore = Date.UTC(2024, 0, 2, 3, 4, 5);

function make(notAfter = Date.UTC(2034, 5, 6, 7, 8, 9)) {
  return createSelfSignedCertificate({
    commonName: "livemux",
    hosts: ["example.org", "192.0.2.1", "2001:db8::1"],
    notBefore,
    notAfter,
  });
}

Deno.test("a self-signed certificate says what was asked for and is signed by its own key", () => {
  for (const notAfter of [Date.UTC(2034, 5, 6, 7, 8, 9), Date.UTC(2060, 0, 1)]) {
    const made = make(notAfter);
    const parsed = new X509Certificate(made.certificate);
    ok(parsed.verify(parsed.publicKey));
    equal(parsed.subject, "CN=livemux");
    equal(Date.parse(parsed.validFrom), notBefore);
    equal(Date.parse(parsed.validTo), notAfter);
    const names = parsed.subjectAltName ?? "";
    match(names, /DNS:example\.org/);
    match(names, /IP Address:192\.0\.2\.1/);
    match(names, /IP Address:2001:0?db8/i);
    checkCertificate(made);
  }
});

Deno.test("a certificate that cannot be used is told apart and never replaces a good one", () => {
  const good = make();
  const other = make();
  const store = new CertificateStore(good);
  let calls = 0;
  const unwatch = store.watch(() => calls++);
  throws(() => store.replace({ ...good, key: other.key }), /key does not belong to the TLS certificate/);
  throws(() => store.replace({ ...good, key: "nothing" }), /key is not a PEM private key/);
  throws(() => store.replace({ ...good, certificate: good.key }), /certificate is not a PEM certificate/);
  equal(store.current, good);
  equal(calls, 0);
  store.replace(other);
  equal(store.current, other);
  equal(calls, 1);
  unwatch();
  store.replace(good);
  equal(calls, 1);
});

Deno.test("loading names the file that is missing or bad", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [certificate, key] = [`${folder}/server.crt`, `${folder}/server.key`];
    const made = make();
    await Deno.writeTextFile(certificate, made.certificate);
    await rejects(loadCertificate(certificate, key), /unable to read TLS key .*server\.key/);
    await Deno.writeTextFile(key, "junk");
    await rejects(loadCertificate(certificate, key), /unable to load .*server\.crt .*not a PEM private key/);
    await Deno.writeTextFile(key, made.key);
    equal(await loadCertificate(certificate, key), made);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
