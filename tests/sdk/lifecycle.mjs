// The whole life of batch jobs, done by Google's JavaScript SDK against the embedded service.
//
// lifecycle.mjs WORD: WORD keeps the names of two runs apart. The service is where GOOGLE_GEMINI_BASE_URL says.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GoogleGenAI } from "@google/genai";

const WORD = process.argv[2];
const PRO = "gemini-2.5-pro-preview-tts";
const FLASH = "gemini-3.1-flash-tts-preview";
const NEW = "gemini-3.8-flash-tts";
const TEXTS = {
  "line-1": "The corridor was longer than she remembered, and the lamps had burned down to a dull orange.",
  "line-2": "Nobody had told them, of course, that the door at its end was locked.",
  "line-3": "Would you have tried the handle?",
};
const RUNS_FOR_EVER = "batches/runsforeverrunsforeverrunsforever000";
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sdk-js-"));
const baseUrl = process.env.GOOGLE_GEMINI_BASE_URL;
const client = new GoogleGenAI({ apiKey: "any-key", httpOptions: { baseUrl } });
const kept = {};
let passed = 0;
let failed = 0;

async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok   ${WORD} ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${WORD} ${name}`);
    console.log(error);
  }
}

async function refused(code, part, call) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `not refused: expected ${code} ${part}`);
  assert.ok(String(error.message).includes(part), `${part} is not in ${error.message}`);
  if (error.status !== undefined) assert.equal(error.status, code);
  return error;
}

function request(text, voice = "Kore") {
  return {
    contents: [{ parts: [{ text }], role: "user" }],
    generationConfig: {
      responseModalities: ["AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } },
    },
  };
}

function soundsRight(text, base64, mimeType, tokens) {
  let bytes = Buffer.from(base64, "base64");
  let rate = 24000;
  if (bytes.subarray(0, 4).toString() === "RIFF") {
    rate = bytes.readUInt32LE(24);
    assert.equal(bytes.readUInt32LE(40), bytes.length - 44);
    bytes = bytes.subarray(44);
  } else {
    assert.match(mimeType, /^audio\/l16/i);
    rate = Number(/rate=(\d+)/.exec(mimeType)[1]);
  }
  const n = bytes.length / 2;
  let power = 0;
  for (let at = 0; at < bytes.length; at += 2) power += bytes.readInt16LE(at) ** 2;
  const level = 10 * Math.log10(power / n / 32768 ** 2 + 1e-9);
  assert.ok(level > -30 && level < -10, `level ${level}`);
  const seconds = n / rate;
  assert.ok(Math.abs(seconds - tokens / 25) < 0.01, `${seconds} s, ${tokens} tokens`);
  const share = seconds / (text.length / 14);
  assert.ok(share > 0.6 && share < 1.8, `${seconds} s for ${text.length} characters`);
}

async function wait(name, ready) {
  let job;
  for (let n = 0; n < 100; n += 1) {
    job = await client.batches.get({ name });
    if (ready(job)) return job;
    await sleep(100);
  }
  throw new Error(`${name} is ${job.state}`);
}

function write(name, text) {
  const file = path.join(scratch, name);
  fs.writeFileSync(file, text);
  return file;
}

await check("upload_get_and_list_a_file", async () => {
  const text = Object.entries(TEXTS).map(([key, said]) => `${JSON.stringify({ key, request: request(said) })}\n`).join("");
  const file = await client.files.upload({
    file: write("input.jsonl", text),
    config: { displayName: `${WORD}-input`, mimeType: "application/jsonl" },
  });
  assert.equal(file.state, "ACTIVE");
  assert.equal(Number(file.sizeBytes), Buffer.byteLength(text));
  assert.equal(Buffer.from(file.sha256Hash, "base64").toString(), crypto.createHash("sha256").update(text).digest("hex"));
  assert.equal((await client.files.get({ name: file.name })).displayName, `${WORD}-input`);
  const names = [];
  for await (const other of await client.files.list({ config: { pageSize: 2 } })) names.push(other.name);
  assert.ok(names.includes(file.name));
  kept.file = file;
});

await check("upload_in_several_chunks", async () => {
  const size = 9_500_000;
  const file = await client.files.upload({
    file: write("big.txt", "x".repeat(size)),
    config: { mimeType: "text/plain", name: `files/${WORD}-big` },
  });
  assert.equal(file.name, `files/${WORD}-big`);
  assert.equal(Number(file.sizeBytes), size);
  await client.files.delete({ name: file.name });
  await refused(403, "PERMISSION_DENIED", () => client.files.get({ name: file.name }));
});

await check("create_from_a_file_follow_and_download", async () => {
  let job = await client.batches.create({ model: PRO, src: kept.file.name, config: { displayName: `${WORD}-file` } });
  assert.equal(job.state, "JOB_STATE_PENDING");
  job = await wait(job.name, (job) => job.state === "JOB_STATE_SUCCEEDED" && job.dest?.fileName);
  assert.equal(job.displayName, `${WORD}-file`);
  const downloadPath = path.join(scratch, "out.jsonl");
  await client.files.download({ file: job.dest.fileName, downloadPath });
  // The SDK may return before its stream to the file is closed.
  let lines = [];
  for (let n = 0; n < 50 && lines.length < 3; n += 1) {
    await sleep(100);
    lines = fs.readFileSync(downloadPath, "utf8").split("\n").filter(Boolean);
  }
  assert.equal(lines.length, 3);
  for (const line of lines.map((line) => JSON.parse(line))) {
    const part = line.response.candidates[0].content.parts[0].inlineData;
    soundsRight(TEXTS[line.key], part.data, part.mimeType, line.response.usageMetadata.candidatesTokenCount);
  }
  kept.output = job.dest.fileName;
  kept.job = job.name;
});

await check("the_output_file_is_too_long_for_get_and_delete", async () => {
  await refused(400, "cannot be more than 40 characters", () => client.files.get({ name: kept.output }));
  await refused(400, "cannot be more than 40 characters", () => client.files.delete({ name: kept.output }));
});

await check("create_inline_with_a_voice", async () => {
  for (const model of [FLASH, NEW]) {
    const said = Object.values(TEXTS);
    const src = said.map((text) => ({
      contents: [{ parts: [{ text }], role: "user" }],
      config: {
        responseModalities: ["AUDIO"],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } } },
      },
    }));
    let job = await client.batches.create({ model, src, config: { displayName: `${WORD}-inline` } });
    job = await wait(job.name, (job) => job.dest?.inlinedResponses);
    assert.equal(job.dest.inlinedResponses.length, said.length);
    job.dest.inlinedResponses.forEach((item, n) => {
      const part = item.response.candidates[0].content.parts[0].inlineData;
      soundsRight(said[n], part.data, part.mimeType, item.response.usageMetadata.candidatesTokenCount);
    });
  }
});

await check("inline_errors_come_in_their_place", async () => {
  const job = await client.batches.get({ name: "batches/inlinemixedinlinemixedinlinemixed000" });
  const kinds = job.dest.inlinedResponses.map((item) => (item.error ? "error" : "response"));
  assert.deepEqual(kinds, ["response", "error", "response"]);
});

await check("list_in_pages_newest_first", async () => {
  const pager = await client.batches.list({ config: { pageSize: 3 } });
  assert.equal(pager.page.length, 3);
  const jobs = [];
  for await (const job of pager) jobs.push(job);
  const names = jobs.map((job) => job.name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 12 && names.includes(kept.job) && names.includes(RUNS_FOR_EVER));
  const times = jobs.map((job) => job.createTime);
  assert.deepEqual(times, [...times].sort().reverse());
});

await check("cancel_takes_effect_later", async () => {
  const lines = Array.from({ length: 50 }, (_, n) => JSON.stringify({ key: String(n), request: request("Again.") }));
  const file = await client.files.upload({
    file: write("cancel.jsonl", lines.join("\n")),
    config: { mimeType: "application/jsonl" },
  });
  const job = await client.batches.create({ model: FLASH, src: file.name, config: { displayName: `${WORD}-cancel` } });
  await client.batches.cancel({ name: job.name });
  const over = await wait(job.name, (job) => job.state === "JOB_STATE_CANCELLED");
  // The SDK drops the `error` of the operation, so its end is all that can be seen through it.
  assert.ok(over.endTime);
  await refused(400, "FAILED_PRECONDITION", () => client.batches.cancel({ name: job.name }));
});

await check("delete_is_final", async () => {
  await client.batches.delete({ name: kept.job });
  await refused(400, "Could not parse the batch name", () => client.batches.get({ name: kept.job }));
  await client.files.delete({ name: kept.file.name });
  await refused(404, "Requested entity was not found.", () => client.batches.create({ model: PRO, src: kept.file.name }));
});

await check("embeddings_in_a_batch", async () => {
  const src = { inlinedRequests: { contents: [{ parts: [{ text: "A coin of no king" }] }] } };
  let job = await client.batches.createEmbeddings({
    model: "gemini-embedding-001",
    src,
    config: { displayName: `${WORD}-embed` },
  });
  job = await wait(job.name, (job) => job.dest?.inlinedEmbedContentResponses);
  assert.equal(job.dest.inlinedEmbedContentResponses[0].response.embedding.values.length, 16);
});

await check("models_tokens_and_speech_at_once", async () => {
  const models = {};
  for await (const model of await client.models.list({ config: { pageSize: 3 } })) {
    models[model.name] = model.supportedActions;
  }
  assert.ok(models[`models/${PRO}`].includes("batchGenerateContent"));
  assert.ok(!models["models/gemini-2.5-flash-preview-tts"].includes("batchGenerateContent"));
  const count = await client.models.countTokens({ model: "gemini-3.5-flash", contents: "What is 1+1?" });
  assert.ok(count.totalTokens > 0);
  const text = "Have a wonderful day!";
  const answer = await client.models.generateContent({
    model: "gemini-2.5-flash-preview-tts",
    contents: text,
    config: {
      responseModalities: ["AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Leda" } } },
    },
  });
  const part = answer.candidates[0].content.parts[0].inlineData;
  soundsRight(text, part.data, part.mimeType, answer.usageMetadata.candidatesTokenCount);
});

await check("refusals_are_those_of_the_service", async () => {
  const stranger = new GoogleGenAI({ apiKey: "bad", httpOptions: { baseUrl } });
  await refused(400, "API_KEY_INVALID", () => stranger.batches.get({ name: RUNS_FOR_EVER }));
  await refused(400, "Could not parse the batch name", () => client.batches.get({ name: "batches/nosuch" }));
  await refused(403, "You do not have permission to access the File nosuch", () => client.files.get({ name: "files/nosuch" }));
  await refused(404, "is not supported for batchGenerateContent", () =>
    client.batches.create({ model: "gemini-2.5-flash-preview-tts", src: "files/nosuch" }));
});

fs.rmSync(scratch, { recursive: true, force: true });
console.log(`RESULT ${passed} ${failed}`);
process.exit(failed ? 1 : 0);
