#!/usr/bin/env node
// Written in the JavaScript of ten years ago, and without a static import: a Node that is too old
// for Spikescope must still read this file, to say so.
var NODE_MIN = 24;
var major = parseInt(process.versions.node.split('.')[0], 10);

function fail(lines) {
  process.stderr.write(['spikescope: '].concat(lines, '\n').join(''));
  process.exit(1);
}

function explain(error) {
  // In a clone of the repository nothing is compiled yet; anything else is a fault to be seen.
  if (error.code === 'ERR_MODULE_NOT_FOUND' && /dist.src.cli.main\.js/.test(error.message)) {
    fail(['dist/ is missing: run "npm run build" first, or "npm start --" in place of this']);
  }
  fail([error.stack || error]);
}

if (major >= NODE_MIN) {
  import('../dist/src/cli/main.js').catch(explain);
} else {
  fail([
    'needs Node.js ',
    NODE_MIN,
    ' or newer, and this is ',
    process.version,
    ' (',
    process.execPath,
    ').\nInstall a newer one and put it first in PATH, or name it: /path/to/node ',
    process.argv[1],
  ]);
}
