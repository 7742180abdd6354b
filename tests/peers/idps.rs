//! Identity providers as processes of their own: npm's `oidc-provider` and Python's `pysaml2`, in `idps/`. Each file says at its head what it
//! is told and what it answers.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// One that runs until it is stopped or the test ends.
pub struct Idp {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it said of itself when it was ready.
    said: Value,
}

impl Idp {
    /// By OpenID Connect, with nobody's client yet.
    pub fn oidc(people: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/idps");
        assert!(folder.join("node_modules").exists(), "npm ci has been run in {}", folder.display());
        let mut command = Command::new("node");
        command.arg(folder.join("oidc_provider.mjs"));
        Self::start(command, &json!({ "people": people }))
    }

    /// By SAML; whom it answers stands in their metadata.
    pub fn saml(people: &Value) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/peers/bin/python");
        assert!(python.exists(), "{} is missing: tests/run makes it", python.display());
        let mut command = Command::new(python);
        command.arg(root.join("tests/peers/idps/saml_idp.py"));
        Self::start(command, &json!({ "people": people }))
    }

    fn start(mut command: Command, settings: &Value) -> Self {
        command.arg(settings.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut idp = Self { child, input, output: BufReader::new(output), said: Value::Null };
        idp.said = idp.listen();
        idp
    }

    fn listen(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Something that it said of itself.
    pub fn says(&self, name: &str) -> &str {
        self.said[name].as_str().unwrap()
    }

    /// Tells it to do otherwise, and waits until it does.
    pub fn tell(&mut self, command: &Value) {
        writeln!(self.input, "{command}").unwrap();
        let answer = self.listen();
        assert!(answer.get("error").is_none(), "{command}: {answer}");
    }

    /// Kills it: from now on nobody is there.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
