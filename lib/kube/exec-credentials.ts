import type { User } from "@kubernetes/client-node";

/** What is read of what a plugin gives (client.authentication.k8s.io, ExecCredential). */
interface Credential {
  readonly status?: { readonly expirationTimestamp?: string };
}

/** The client library's runner of plugins, as far as it is used. */
export interface CredentialSource {
  getCredential?: (user: User) => Promise<Credential | null>;
  tokenCache?: Record<string, Credential | null>;
}

const MAX_KEPT = 32;

/**
 * What plugins gave, by what is run. As kubectl keeps it: a plugin may ask somebody, or a server far away, and a command of
 * hopbook speaks to the API over many connections.
 */
export class PluginCredentials {
  private readonly kept = new Map<string, Promise<Credential | null>>();

  /**
   * Runs a plugin once for all who ask, and again when what it gave is over. One that does not say when that is, is not
   * asked again before the server refuses what it gave; the library would ask it at every connection.
   */
  keep(source: CredentialSource): void {
    const { kept } = this;
    const ask = source.getCredential?.bind(source);
    if (ask === undefined) return;
    source.getCredential = async (user) => {
      const key = keyOf(user);
      if (key === null) return ask(user);
      const known = kept.get(key);
      if (known !== undefined) {
        const credential = await known;
        if (!isOver(credential)) return credential;
        const other = kept.get(key);
        if (other !== undefined && other !== known) return other;
      }
      const asked = ask(user);
      kept.delete(key);
      kept.set(key, asked);
      for (const oldest of [...kept.keys()].slice(0, -MAX_KEPT)) kept.delete(oldest);
      asked.catch(() => {
        if (kept.get(key) === asked) kept.delete(key);
      });
      return asked;
    };
  }

  forget(source: CredentialSource, user: User): void {
    const key = keyOf(user);
    if (key !== null) this.kept.delete(key);
    if (source.tokenCache !== undefined) source.tokenCache[user.name] = null;
  }
}

function isOver(credential: Credential | null): boolean {
  const until = Date.parse(credential?.status?.expirationTimestamp ?? "");
  return !Number.isNaN(until) && until <= Date.now();
}

/** null: this user has no plugin. */
function keyOf(user: User): string | null {
  const config = user.authProvider as { readonly config?: { readonly exec?: unknown } } | undefined;
  const exec: unknown = user.exec ?? config?.config?.exec;
  return exec === undefined || exec === null ? null : JSON.stringify(exec);
}
