import type { ProcessServing } from "../../environment/spec.ts";
import { createFileCache, type FileCache } from "./file-cache.ts";
import { sendNeedsNginx, sendNotRunning, sendUnreachable } from "./help-pages.ts";
import { forward, type Passage } from "./proxy.ts";
import { createReleases, type Releases } from "./releases.ts";
import { answerIfFile, answerStatic } from "./static.ts";
import { tunnel } from "./tunnel.ts";
import { addressOf, createUpstreams, type Upstreams } from "./upstream.ts";
import type { Request, Visit } from "./visit.ts";

/** What is kept between requests: nothing that says where they go. */
export interface Kept {
  cache: FileCache;
  releases: Releases;
  upstreams: Upstreams;
}

export function createKept(): Kept {
  const cache = createFileCache();
  return { cache, releases: createReleases(cache), upstreams: createUpstreams() };
}

/** Answers from the release that the visit is to: files, or what its process says. */
export function answer(kept: Kept, visit: Visit, request: Request): unknown {
  const { release, extra } = visit;
  const { serve } = release.spec;
  const { req, res, wire } = request;
  if (serve.kind === "static") {
    return answerStatic(req, res, { release, folder: serve.public, cache: kept.cache }, extra);
  }
  if (serve.kind === "php") return sendNeedsNginx(visit, request);
  if (serve.public === null || wire) return pass(kept, visit, request, serve);
  const shelf = { release, folder: serve.public, cache: kept.cache };
  const answered = answerIfFile(req, res, shelf, extra);
  if (typeof answered === "boolean") return answered || pass(kept, visit, request, serve);
  return answered.then((done) => done || pass(kept, visit, request, serve));
}

function pass(kept: Kept, visit: Visit, request: Request, serve: ProcessServing): unknown {
  const { release, side, appHost, extra } = visit;
  if (!side) return sendNotRunning(visit, request);
  const address = addressOf(release.site, side, serve);
  if (!address) return sendUnreachable(visit, request);
  const { req, res, wire } = request;
  const onUnreachable = () => sendUnreachable(visit, request);
  const passage: Passage = { req, res, upstreams: kept.upstreams, address, appHost, extra, onUnreachable };
  return wire ? tunnel(passage, wire) : forward(passage);
}
