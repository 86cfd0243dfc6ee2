//! The operations that SQS has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::move_task::queue_arn_of_handle;
use crate::url::{queue_arn, queue_arn_of_name, queue_arn_of_url};
use crate::{
    Sqs, attributes, delete, message, move_task, policy, purge, queue, receive, redrive, tags,
    visibility,
};

operations! { Sqs:
    AddPermission => policy::add_permission, is sync, resource queue_arn_of_url ["QueueUrl"];
    CancelMessageMoveTask => move_task::cancel_message_move_task, is sync, resource queue_arn_of_handle ["TaskHandle"];
    ChangeMessageVisibility => visibility::change_message_visibility, is sync, resource queue_arn_of_url ["QueueUrl"];
    ChangeMessageVisibilityBatch => visibility::change_message_visibility_batch, is sync, action "ChangeMessageVisibility", resource queue_arn_of_url ["QueueUrl"];
    CreateQueue => queue::create_queue, is sync, resource queue_arn_of_name ["QueueName"];
    DeleteMessage => delete::delete_message, is sync, resource queue_arn_of_url ["QueueUrl"];
    DeleteMessageBatch => delete::delete_message_batch, is sync, action "DeleteMessage", resource queue_arn_of_url ["QueueUrl"];
    DeleteQueue => queue::delete_queue, is sync, resource queue_arn_of_url ["QueueUrl"];
    GetQueueAttributes => attributes::get_queue_attributes, is sync, resource queue_arn_of_url ["QueueUrl"];
    GetQueueUrl => queue::get_queue_url, is sync, resource queue_arn_of_name ["QueueName"];
    ListDeadLetterSourceQueues => redrive::list_dead_letter_source_queues, is sync, resource queue_arn_of_url ["QueueUrl"];
    ListMessageMoveTasks => move_task::list_message_move_tasks, is sync, resource queue_arn ["SourceArn"];
    ListQueueTags => tags::list_queue_tags, is sync, resource queue_arn_of_url ["QueueUrl"];
    ListQueues => queue::list_queues, is sync;
    PurgeQueue => purge::purge_queue, is sync, resource queue_arn_of_url ["QueueUrl"];
    ReceiveMessage => receive::receive_message, resource queue_arn_of_url ["QueueUrl"];
    RemovePermission => policy::remove_permission, is sync, resource queue_arn_of_url ["QueueUrl"];
    SendMessage => message::send_message, is sync, resource queue_arn_of_url ["QueueUrl"];
    SendMessageBatch => message::send_message_batch, is sync, action "SendMessage", resource queue_arn_of_url ["QueueUrl"];
    SetQueueAttributes => attributes::set_queue_attributes, is sync, resource queue_arn_of_url ["QueueUrl"];
    StartMessageMoveTask => move_task::start_message_move_task, is sync, resource queue_arn ["SourceArn"];
    TagQueue => tags::tag_queue, is sync, resource queue_arn_of_url ["QueueUrl"];
    UntagQueue => tags::untag_queue, is sync, resource queue_arn_of_url ["QueueUrl"];
}
