//! What is sent, and answers as vLLM, SGLang, TGI, llama.cpp and OpenAI give them.

use provider::{Finish, Provider, Request, Sampling};
use serde_json::json;

use crate::server::{
    END, STREAM, Server, ask, json as json_answer, piece, question, status, stream,
};

/// The text that a server's answer amounts to.
fn text_of(answer: impl Into<Vec<u8>>) -> String {
    let server = Server::always(answer);
    ask(&server.client(), &question()).0.unwrap().text
}

#[test]
fn text_is_told_as_it_comes_and_the_answer_has_all_of_it() {
    let server = Server::always(stream(&["A ", "gNB ", "和 AMF"]));
    let (answer, told) = ask(&server.client(), &question());
    let answer = answer.unwrap();
    assert_eq!(told, ["A ", "gNB ", "和 AMF"]);
    assert_eq!(answer.text, "A gNB 和 AMF");
    assert_eq!(answer.finish, Finish::Stop);
    assert!(answer.first_token.unwrap() <= answer.took);
    assert_eq!(server.client().label(), "qwen");
}

#[test]
fn counts_and_log_probabilities_come_with_it() {
    let token = |logprob: &str| {
        format!(
            "data: {{\"model\":\"qwen-vl-7b\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"x\"}},\"logprobs\":{{\"content\":[{{\"token\":\"x\",\"logprob\":{logprob},\"top_logprobs\":[]}}]}}}}],\"usage\":null}}\n\n"
        )
    };
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":412,\"completion_tokens\":2,\"total_tokens\":414}}\n\n";
    let finish =
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n";
    let whole = format!(
        "{STREAM}{}{}{finish}{usage}data: [DONE]\n\n",
        token("-0.5"),
        token("-1.5")
    );
    let server = Server::always(whole);
    let answer = ask(&server.client(), &question()).0.unwrap();
    assert_eq!(answer.mean_logprob, Some(-1.0));
    assert_eq!(
        (answer.prompt_tokens, answer.new_tokens),
        (Some(412), Some(2))
    );
    assert_eq!(answer.finish, Finish::Length);
    assert_eq!(answer.model, "qwen-vl-7b");
}

#[test]
fn what_servers_do_differently_is_understood() {
    let tgi = format!(
        "{STREAM}: ping\n\n{}data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"\"}},\"logprobs\":[],\"finish_reason\":\"eos_token\"}}]}}\n\n",
        piece("tgi")
    );
    let no_done = format!("{STREAM}{}", END.replace("data: [DONE]\n\n", ""));
    let no_reason = format!("{STREAM}{}data: [DONE]\n\n", piece("no reason"));
    let carriage_returns = format!("{STREAM}{}{END}", piece("cr")).replace("\n\n", "\r\n\r\n");
    let extra = format!(
        "{STREAM}data: {{\"choices\":null,\"x\":{{\"y\":[1]}}}}\n\ndata: {{\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"hm\"}}}}]}}\n\n{}{END}",
        piece("extra")
    );
    let other_choice = format!(
        "{STREAM}data: {{\"choices\":[{{\"index\":1,\"delta\":{{\"content\":\"no\"}}}}]}}\n\n{}{END}",
        piece("first")
    );
    assert_eq!(text_of(tgi), "tgi");
    assert_eq!(text_of(no_done), "");
    assert_eq!(text_of(no_reason), "no reason");
    assert_eq!(text_of(carriage_returns), "cr");
    assert_eq!(text_of(extra), "extra");
    assert_eq!(text_of(other_choice), "first");
    assert_eq!(
        text_of(json_answer(
            r#"{"choices":[{"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}]}"#
        )),
        "whole"
    );
}

#[test]
fn the_older_form_of_log_probabilities_is_understood() {
    let whole = r#"{"choices":[{"message":{"content":"ab"},"finish_reason":"stop","logprobs":{"token_logprobs":[null,-2.0,-4.0]}}]}"#;
    let server = Server::always(json_answer(whole));
    let answer = ask(&server.client(), &question()).0.unwrap();
    assert_eq!(answer.mean_logprob, Some(-3.0));
    assert_eq!(answer.new_tokens, Some(2));
}

#[test]
fn only_what_was_set_is_sent() {
    let server = Server::always(stream(&["x"]));
    let client = server.client();
    ask(&client, &question()).0.unwrap();
    let sampling = Sampling {
        temperature: 0.5,
        top_p: Some(0.75),
        top_k: Some(20),
        repetition_penalty: Some(1.25),
        max_new_tokens: 64,
        seed: Some(7),
        stop: vec!["###".to_owned()],
    };
    let request = Request {
        sampling,
        ..question()
    };
    ask(&client, &request).0.unwrap();
    let seen = server.seen();
    let messages = json!([{"role": "user", "content": "What is this?"}]);
    let plain = json!({
        "model": "qwen", "messages": messages, "stream": true, "stream_options": {"include_usage": true},
        "logprobs": true, "max_tokens": 1024, "temperature": 0.0,
    });
    assert_eq!(seen[0].body, plain);
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("POST", "/v1/chat/completions")
    );
    assert_eq!(seen[0].header("authorization"), None);
    let full = json!({
        "model": "qwen", "messages": messages, "stream": true, "stream_options": {"include_usage": true},
        "logprobs": true, "max_tokens": 64, "temperature": 0.5, "top_p": 0.75, "top_k": 20,
        "repetition_penalty": 1.25, "repeat_penalty": 1.25, "seed": 7, "stop": ["###"],
    });
    assert_eq!(seen[1].body, full);
}

#[test]
fn the_models_of_a_server_are_listed() {
    let server = Server::always(json_answer(
        r#"{"object":"list","data":[{"id":"qwen","object":"model"},{"id":"llama"},{"name":"?"}]}"#,
    ));
    assert_eq!(server.client().models().unwrap(), ["qwen", "llama"]);
    assert_eq!(server.seen()[0].path, "/v1/models");

    let none = Server::always(json_answer("{}"));
    let error = none.client().models().unwrap_err().to_string();
    assert!(error.ends_with("it lists no models"), "{error}");
    let refusing = Server::always(status("401 Unauthorized", "", ""));
    let error = refusing.client().models().unwrap_err().to_string();
    assert!(
        error.ends_with("refuses a request without a key (HTTP 401)"),
        "{error}"
    );
}

#[test]
fn a_client_may_be_used_and_dropped_within_an_async_task() {
    let server = Server::always(stream(&["fine"]));
    let config = server.config();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let text = runtime.block_on(async move {
        let client = provider::OpenAi::new(config).unwrap();
        ask(&client, &question()).0.unwrap().text
    });
    assert_eq!(text, "fine");
}
