// Records events with Google's Node.js client and tells what the client saw.
// One JSON document comes in on standard input: {way, port, tls, parent, events: [...]}; one goes out:
// [{answer} or {error: {code, status, message, reason, statusDetails}}, ...].
'use strict';

const {v4} = require('@google-cloud/talent');
const gax = require('google-gax');
const {GoogleAuth, PassThroughClient} = require('google-auth-library');

function makeClient({way, port, tls}) {
  const auth = new GoogleAuth({authClient: new PassThroughClient()});
  const options = {apiEndpoint: 'localhost', port, auth};
  if (way === 'rest') {
    return new v4.EventServiceClient({...options, fallback: true, protocol: tls ? 'https' : 'http'});
  }
  return new v4.EventServiceClient(
    tls ? options : {...options, sslCreds: gax.grpc.credentials.createInsecure()},
  );
}

function describe(error) {
  const {code, status, message, reason, statusDetails} = error;
  return {code, status, message, reason, details: (statusDetails || []).length};
}

async function main() {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const input = JSON.parse(text);
  const client = makeClient(input);
  const results = [];
  for (const clientEvent of input.events) {
    try {
      const [answer] = await client.createClientEvent({parent: input.parent, clientEvent});
      results.push({answer});
    } catch (error) {
      results.push({error: describe(error)});
    }
  }
  await client.close();
  process.stdout.write(JSON.stringify(results));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
