// A small client of the Lambda Runtime API: node runtime.mjs <folder>/index.mjs
// It stands for the managed runtime's own, `aws-lambda-ric`: its releases for Node.js 20 compile
// C++ with cmake as they are installed, and its later ones want Node.js 22.
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const API = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, route, value) {
  const body = value === undefined ? undefined : (JSON.stringify(value) ?? 'null');
  const headers = body && {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${API}${route}`, { method, agent, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

const failure = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: error?.message ?? String(error),
  stackTrace: error?.stack?.split('\n') ?? [],
});

let handler;
try {
  ({ handler } = await import(pathToFileURL(path.resolve(process.argv[2])).href));
} catch (error) {
  await call('POST', '/init/error', failure(error));
  throw error;
}

for (;;) {
  const { headers, text } = await call('GET', '/invocation/next');
  const context = contextOf(headers);
  const invocation = `/invocation/${context.awsRequestId}`;
  let answer;
  try {
    answer = await handler(JSON.parse(text), context);
  } catch (error) {
    console.error(error);
    await call('POST', `${invocation}/error`, failure(error));
    continue;
  }
  await call('POST', `${invocation}/response`, answer ?? null);
}
