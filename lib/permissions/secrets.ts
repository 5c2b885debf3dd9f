import { secretForms } from "../model/secret-forms.js";

/** Shorter values stand in many a word by chance; they count only where they are a whole word. */
const MIN_PART_CHARS = 4;

/**
 * Whether a command line would show a secret: everybody on the node sees it in the process list, and it would be
 * written to the transcript. Encoded forms count too.
 */
export function showsSecret(argv: readonly string[], secrets: readonly string[]): boolean {
  return secrets.some((secret) => {
    if (secret === "") return false;
    const forms = secretForms(secret);
    return argv.some((word) =>
      forms.some((form) => (form.length < MIN_PART_CHARS ? word === form : word.includes(form))),
    );
  });
}
