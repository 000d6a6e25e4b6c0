/**
 * Why a method lets somebody not in. The text is for the log and holds no secret.
 *
 * - `guess`: the credentials are wrong; whoever has many of those may be guessing.
 * - `denied`: they are not enough, or there are none.
 * - `unavailable`: nobody could decide.
 */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly kind: "guess" | "denied" | "unavailable", reason: string) {
    super(reason);
  }
}
