//! Each way in which a server fails: one clear sentence, and another attempt only where that may help.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use provider::{OpenAi, ProviderError, Request, Sampling, ServerConfig};

use crate::server::{
    CHUNKED, STREAM, Server, Step, ask, chunk, json, piece, question, status, stream,
};

/// The sentence that a server's answer comes to, without its address; every failure has a remedy.
fn sentence(server: &Server) -> String {
    let (answer, _) = ask(&server.client(), &question());
    told(&answer.unwrap_err(), server)
}

fn told(error: &ProviderError, server: &Server) -> String {
    assert!(error.help().is_some(), "{error}");
    error.to_string().replace(&server.base_url, "URL")
}

fn check(answer: impl Into<Vec<u8>>, expected: &str) {
    assert_eq!(sentence(&Server::always(answer)), expected);
}

#[test]
fn refusals_have_names() {
    check(
        status("401 Unauthorized", "", "{}"),
        "the server at `URL` refuses a request without a key (HTTP 401)",
    );
    check(
        status("403 Forbidden", "", ""),
        "the server at `URL` refuses a request without a key (HTTP 403)",
    );
    check(
        status(
            "404 Not Found",
            "",
            r#"{"error":{"message":"The model `qwen` does not exist."}}"#,
        ),
        "the server at `URL` has no model `qwen` or no such path (HTTP 404): The model `qwen` does not exist",
    );
    check(
        status("413 Payload Too Large", "", "<html>"),
        "the server at `URL` finds the request too large (HTTP 413)",
    );
    check(
        status(
            "400 Bad Request",
            "",
            r#"{"object":"error","message":"`top_k`\n is\u0007 not known"}"#,
        ),
        "the server at `URL` refuses the request (HTTP 400): `top_k` is not known",
    );
    check(
        status(
            "422 Unprocessable Entity",
            "",
            r#"{"detail":[{"loc":["body"],"msg":"extra fields"}]}"#,
        ),
        "the server at `URL` refuses the request (HTTP 422): extra fields",
    );
    check(
        status("429 Too Many Requests", "", ""),
        "the server at `URL` is too busy: HTTP 429 after 1 attempts",
    );
    check(
        status("502 Bad Gateway", "", "<html><body>nginx"),
        "the server at `URL` failed (HTTP 502) after 1 attempts: no reason given",
    );
}

#[test]
fn a_chat_that_is_too_long_is_called_so() {
    let message =
        "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.";
    let body = format!(r#"{{"error":{{"message":"{message}","code":400}}}}"#);
    let expected = format!(
        "the chat is too long for the model's context: {}",
        message.trim_end_matches('.')
    );
    check(status("400 Bad Request", "", &body), &expected);
    check(format!("{STREAM}data: {body}\n\n"), &expected);
}

#[test]
fn what_is_no_chat_completion_is_called_so() {
    let malformed = |answer: Vec<u8>| {
        let sentence = sentence(&Server::always(answer));
        let begins = "the server at `URL` answered something that is not a chat completion: ";
        assert!(sentence.starts_with(begins), "{sentence}");
        sentence
    };
    malformed(json("{\"choices\": [{"));
    malformed(json("{\"object\":\"list\"}"));
    malformed(json("[]"));
    malformed(format!("{STREAM}data: {{broken\n\n").into());
    malformed(
        format!("{STREAM}data: {{\"choices\":[{{\"delta\":{{\"content\":7}}}}]}}\n\n").into(),
    );
    malformed(format!("{STREAM}data: [DONE]\n\n").into());
    malformed(status(
        "200 OK",
        "content-type: text/html\r\n",
        "<html>Welcome to nginx</html>",
    ));
    let mut latin1 = STREAM.as_bytes().to_vec();
    latin1.extend(b"data: \xff\xfe\n\n");
    malformed(latin1);
    malformed(format!("{STREAM}data: {}\n\n", "[".repeat(10_000)).into());
}

#[test]
fn a_stream_that_is_cut_is_no_answer_and_is_not_asked_for_again() {
    let cut = "the answer of the server at `URL` was cut off in the middle";
    for answer in [
        format!("{STREAM}{}", piece("half")),
        format!("{CHUNKED}{}", chunk(&piece("half"))),
        format!(
            "{STREAM}{}data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"abort\"}}]}}\n\n",
            piece("half")
        ),
    ] {
        let server = Server::always(answer);
        let config = ServerConfig {
            retries: 3,
            ..server.config()
        };
        let (answer, heard) = ask(&OpenAi::new(config).unwrap(), &question());
        assert_eq!(heard, ["half"]);
        assert_eq!(told(&answer.unwrap_err(), &server), cut);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_failure_within_the_stream_is_told() {
    check(
        format!(
            "{STREAM}{}data: {{\"error\":{{\"message\":\"CUDA out of memory\",\"code\":500}}}}\n\n",
            piece("half")
        ),
        "the server at `URL` failed (HTTP 500) after 1 attempts: CUDA out of memory",
    );
}

#[test]
fn what_follows_a_whole_answer_does_not_spoil_it() {
    let whole = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    let server = Server::always(format!("{CHUNKED}{}", chunk(whole)));
    assert_eq!(ask(&server.client(), &question()).0.unwrap().text, "x");
}

#[test]
fn an_answer_without_end_is_refused() {
    let expected = "the answer of the server at `URL` is larger than 16 MiB";
    let endless_line = Server::start(|_, _| {
        let mut steps = vec![Step::Send(format!("{STREAM}data: ").into())];
        steps.extend(vec![Step::Send(vec![b'x'; 1 << 20]); 3]);
        steps.push(Step::Hang);
        steps
    });
    assert_eq!(sentence(&endless_line), expected);
    let endless_json = Server::start(|_, _| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{";
        let mut steps = vec![Step::Send(head.into())];
        steps.extend(vec![Step::Send(vec![b' '; 1 << 20]); 20]);
        steps.push(Step::Hang);
        steps
    });
    assert_eq!(sentence(&endless_json), expected);
}

#[test]
fn a_server_that_speaks_no_tls_is_told_as_unreachable() {
    let server = Server::always(stream(&["x"]));
    let base_url = server.base_url.replace("http:", "https:");
    let config = ServerConfig {
        base_url,
        ..server.config()
    };
    let told = match OpenAi::new(config) {
        Ok(client) => ask(&client, &question()).0.unwrap_err().to_string(),
        // A machine without certificates can make no secure connection at all.
        Err(error) => error.to_string(),
    };
    let unreachable =
        told.starts_with("the server at `https://127.0.0.1:") && told.contains("cannot be reached");
    assert!(
        unreachable || told == "secure connections cannot be prepared",
        "{told}"
    );
}

#[test]
fn nobody_there_is_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let config = ServerConfig {
        base_url: server.clone(),
        model: "qwen".to_owned(),
        retries: 1,
        ..ServerConfig::default()
    };
    let error = ask(&OpenAi::new(config.clone()).unwrap(), &question())
        .0
        .unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with(&format!(
            "the server at `{server}` cannot be reached: Connection refused"
        )),
        "{told}"
    );

    // A name that no name server is asked for, since it cannot be one.
    let base_url = "http://a..b".to_owned();
    let error = ask(
        &OpenAi::new(ServerConfig { base_url, ..config }).unwrap(),
        &question(),
    )
    .0
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no address is known for the server `a..b`"
    );
}

#[test]
fn a_redirection_is_not_followed() {
    let elsewhere = Server::always(stream(&["stolen"]));
    let location = format!(
        "location: {}/chat/completions?token=x\r\n",
        elsewhere.base_url
    );
    let server = Server::always(status("307 Temporary Redirect", &location, ""));
    let told = sentence(&server);
    let expected = format!(
        "the server at `URL` sends the request on to `{}/chat/completions`",
        elsewhere.base_url
    );
    assert_eq!(told, expected);
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn silence_and_slowness_end_in_time() {
    let silent = Server::start(|_, _| vec![Step::Hang]);
    let stalled = Server::start(|_, _| {
        vec![
            Step::Send(format!("{STREAM}{}", piece("a")).into()),
            Step::Hang,
        ]
    });
    let slow = Server::start(|_, _| {
        let mut steps = vec![Step::Send(STREAM.into())];
        for _ in 0..100 {
            steps.extend([
                Step::Send(piece("a").into()),
                Step::Pause(Duration::from_millis(20)),
            ]);
        }
        steps
    });
    let check = |server: &Server, config: ServerConfig, expected: &str| {
        let config = ServerConfig {
            retries: 3,
            ..config
        };
        let started = Instant::now();
        let error = ask(&OpenAi::new(config).unwrap(), &question())
            .0
            .unwrap_err();
        assert_eq!(told(&error, server), expected);
        assert_eq!(server.seen().len(), 1);
        assert!(started.elapsed() < Duration::from_secs(5));
    };
    let idle = |server: &Server| ServerConfig {
        idle_timeout_secs: 0.2,
        ..server.config()
    };
    check(
        &silent,
        idle(&silent),
        "the server at `URL` took longer than 0.2 s to begin its answer",
    );
    check(
        &stalled,
        idle(&stalled),
        "the server at `URL` took longer than 0.2 s to go on with its answer",
    );
    let whole = ServerConfig {
        timeout_secs: 0.3,
        ..slow.config()
    };
    check(
        &slow,
        whole,
        "the server at `URL` took longer than 0.3 s to finish its answer",
    );
}

#[test]
fn a_busy_server_is_asked_again() {
    let busy = status("429 Too Many Requests", "retry-after: 0\r\n", "");
    let broken = status("503 Service Unavailable", "retry-after: 0.05\r\n", "");
    let closed = Vec::new();
    let server = Server::in_turn(vec![busy, broken, closed, stream(&["at last"])]);
    let config = ServerConfig {
        retries: 3,
        ..server.config()
    };
    let (answer, told) = ask(&OpenAi::new(config).unwrap(), &question());
    assert_eq!(answer.unwrap().text, "at last");
    assert_eq!(told, ["at last"]);
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|again| again.body == seen[0].body));
}

#[test]
fn patience_has_an_end() {
    let busy = Server::always(status("429 Too Many Requests", "retry-after: 0\r\n", ""));
    let config = ServerConfig {
        retries: 2,
        ..busy.config()
    };
    let error = ask(&OpenAi::new(config).unwrap(), &question())
        .0
        .unwrap_err();
    assert_eq!(
        told(&error, &busy),
        "the server at `URL` is too busy: HTTP 429 after 3 attempts"
    );
    assert_eq!(busy.seen().len(), 3);

    let tomorrow = Server::always(status(
        "429 Too Many Requests",
        "retry-after: 86400\r\n",
        "",
    ));
    let config = ServerConfig {
        retries: 2,
        ..tomorrow.config()
    };
    let error = ask(&OpenAi::new(config).unwrap(), &question())
        .0
        .unwrap_err();
    assert_eq!(
        told(&error, &tomorrow),
        "the server at `URL` is too busy: HTTP 429 after 1 attempts"
    );

    let refusing = Server::always(status("400 Bad Request", "retry-after: 0\r\n", ""));
    let config = ServerConfig {
        retries: 2,
        ..refusing.config()
    };
    ask(&OpenAi::new(config).unwrap(), &question())
        .0
        .unwrap_err();
    assert_eq!(refusing.seen().len(), 1);
}

#[test]
fn settings_that_cannot_be_are_refused_at_once() {
    let server = Server::always(stream(&["x"]));
    let good = server.config();
    let check = |config: ServerConfig, expected: &str| {
        let error = OpenAi::new(config).unwrap_err();
        assert!(error.help().is_some());
        assert_eq!(error.to_string(), format!("setting {expected}"));
    };
    let with_url = |url: &str| ServerConfig {
        base_url: url.to_owned(),
        ..good.clone()
    };
    check(
        with_url("localhost"),
        "`base_url` of the server is wrong: it is no address: relative URL without a base",
    );
    check(
        with_url("ftp://host/v1"),
        "`base_url` of the server is wrong: it does not begin with `http://` or `https://`",
    );
    check(
        with_url("http://me:sk-1@host"),
        "`base_url` of the server is wrong: it holds a name or password, which belongs in the keyring",
    );
    check(
        with_url("http://host/v1?key=sk-1"),
        "`base_url` of the server is wrong: it has a part after `?` or `#`",
    );
    check(
        ServerConfig {
            concurrency: 0,
            ..good.clone()
        },
        "`concurrency` of the server is wrong: it must be 1–256",
    );
    check(
        ServerConfig {
            timeout_secs: f64::NAN,
            ..good.clone()
        },
        "`timeout_secs` of the server is wrong: it must be above 0 and at most 86400",
    );
    check(
        ServerConfig {
            model: String::new(),
            ..good.clone()
        },
        "`model` of the server is wrong: it must name a model, in at most 512 bytes",
    );
}

#[test]
fn a_request_that_cannot_be_is_not_sent() {
    let server = Server::always(stream(&["x"]));
    let sampling = Sampling {
        top_p: Some(1.5),
        ..Sampling::default()
    };
    let error = ask(
        &server.client(),
        &Request {
            sampling,
            ..question()
        },
    )
    .0
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request cannot be sent: `top_p` must be above 0 and at most 1"
    );
    let error = ask(
        &server.client(),
        &Request {
            messages: Vec::new(),
            ..question()
        },
    )
    .0
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request cannot be sent: it has no message"
    );
    assert!(server.seen().is_empty());
}
