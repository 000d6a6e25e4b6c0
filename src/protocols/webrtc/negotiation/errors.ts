import { UserError } from "../../../base/errors.ts";

/** Both sides understand each other, but have no media in common. HTTP 406. */
export class NotAcceptableError extends UserError {
  /** Tells it from other errors. */
  override readonly name = "NotAcceptableError";
}
