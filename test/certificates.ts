import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function has(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

export interface Files {
  certificate: string;
  key: string;
}

/** A certificate that signs itself, for names (`DNS:` or `IP:` before them); less than no days: it is over. */
export function makeCertificate(dir: string, name: string, names: string[], days = 90): Files {
  mkdirSync(dir, { recursive: true });
  const at = (ending: string) => join(dir, `${name}.${ending}`);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  writeFileSync(at("ext"), `subjectAltName=${names.join(",")}\n`);
  openssl("req", "-new", ...curve, "-keyout", at("key"), "-out", at("csr"), "-subj", `/CN=${name}`);
  const sign = ["-signkey", at("key"), "-days", String(days), "-extfile", at("ext")];
  openssl("x509", "-req", "-in", at("csr"), ...sign, "-out", at("pem"));
  for (const ending of ["csr", "ext"]) rmSync(at(ending));
  return { certificate: at("pem"), key: at("key") };
}
