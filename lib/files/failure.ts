import { HopbookError, messageOf } from "../errors.js";

/** What the system's codes mean of a file; the codes themselves are a programmer's words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it is there already",
  EISDIR: "it is a folder",
  ELOOP: "it is a symbolic link",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "its name is too long",
  ENOENT: "there is no such file or folder",
  ENOSPC: "no space is left on its disk",
  ENOTDIR: "a part of its path is no folder",
  EPERM: "the system does not permit it",
  EROFS: "its file system is read-only",
};

/** Why a file could not be read or written, for a person. */
export function fileReason(error: unknown): string {
  const isSystems = error instanceof Error && "syscall" in error;
  return (isSystems ? REASONS[codeOf(error)] : undefined) ?? messageOf(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** FILE_UNREADABLE; `what` stands before the path: "the plan". */
export function unreadable(
  file: string,
  error: unknown,
  { what, hint }: { readonly what?: string; readonly hint?: string } = {},
): HopbookError {
  const named = what === undefined ? file : `${what} ${file}`;
  return new HopbookError("FILE_UNREADABLE", `Cannot read ${named}: ${fileReason(error)}`, {
    where: { file },
    hint: hint ?? "Check the path and that you may read it",
    cause: error,
  });
}

interface UnwritableOptions {
  /** What stands before the path: "the plan". */
  readonly what?: string;
  /** Completes "Name …": "another folder with --out". */
  readonly elsewhere: string;
  /** Completes "Name …" where the file is there already; default: `elsewhere`. */
  readonly whereTaken?: string;
}

/** ARTIFACTS_UNWRITABLE, with what a person does where the disk is full, the name is taken or the folder not theirs. */
export function unwritable(
  file: string,
  error: unknown,
  { what, elsewhere, whereTaken = elsewhere }: UnwritableOptions,
): HopbookError {
  const named = what === undefined ? file : `${what} ${file}`;
  const code = codeOf(error);
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const hint = isFull
    ? `Free some disk space, or name ${elsewhere}`
    : `Name ${code === "EEXIST" ? whereTaken : elsewhere}`;
  return new HopbookError("ARTIFACTS_UNWRITABLE", `Cannot write ${named}: ${fileReason(error)}`, {
    where: { file },
    hint,
    cause: error,
  });
}
