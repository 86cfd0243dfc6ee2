//! The operations that SQS has here; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::url::queue_arn_of_name;
use crate::url::queue_arn_of_url;
use crate::{Sqs, attributes, message, purge, queue, receive, tags, visibility};

operations! { Sqs:
    ChangeMessageVisibility => visibility::change_message_visibility, resource queue_arn_of_url ["QueueUrl"];
    ChangeMessageVisibilityBatch => visibility::change_message_visibility_batch, action "ChangeMessageVisibility", resource queue_arn_of_url ["QueueUrl"];
    CreateQueue => queue::create_queue, resource queue_arn_of_name ["QueueName"];
    DeleteMessage => receive::delete_message, resource queue_arn_of_url ["QueueUrl"];
    DeleteMessageBatch => receive::delete_message_batch, action "DeleteMessage", resource queue_arn_of_url ["QueueUrl"];
    DeleteQueue => queue::delete_queue, resource queue_arn_of_url ["QueueUrl"];
    GetQueueAttributes => attributes::get_queue_attributes, resource queue_arn_of_url ["QueueUrl"];
    GetQueueUrl => queue::get_queue_url, resource queue_arn_of_name ["QueueName"];
    ListQueueTags => tags::list_queue_tags, resource queue_arn_of_url ["QueueUrl"];
    ListQueues => queue::list_queues;
    PurgeQueue => purge::purge_queue, resource queue_arn_of_url ["QueueUrl"];
    ReceiveMessage => receive::receive_message, resource queue_arn_of_url ["QueueUrl"];
    SendMessage => message::send_message, resource queue_arn_of_url ["QueueUrl"];
    SendMessageBatch => message::send_message_batch, action "SendMessage", resource queue_arn_of_url ["QueueUrl"];
    SetQueueAttributes => attributes::set_queue_attributes, resource queue_arn_of_url ["QueueUrl"];
    TagQueue => tags::tag_queue, resource queue_arn_of_url ["QueueUrl"];
    UntagQueue => tags::untag_queue, resource queue_arn_of_url ["QueueUrl"];
}
